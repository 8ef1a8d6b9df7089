export default (config) => {
  config.addPassthroughCopy("css");
  config.addPassthroughCopy("img");
};
