onmessage = ({ data }) => postMessage(data.reduce((sum, one) => sum + one, 0));
