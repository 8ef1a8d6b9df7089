export const render = () => "<h1>Nothing here</h1>";
