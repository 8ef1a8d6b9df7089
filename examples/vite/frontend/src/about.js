export const render = () => "<h1>About</h1><p>One binary: the page, its files and what answers it.</p>";
