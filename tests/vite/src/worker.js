onmessage = ({ data }) => postMessage(String(data.reduce((sum, number) => sum + number)));
