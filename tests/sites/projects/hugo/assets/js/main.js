document.querySelector("#greeting").textContent = `Greetings from ${document.title}`;
