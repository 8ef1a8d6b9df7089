// As `workbox wizard` writes it.
module.exports = {
  globDirectory: "site/",
  globPatterns: ["**/*.{html,css,js,png,svg}"],
  swDest: "site/sw.js",
  ignoreURLParametersMatching: [/^utm_/, /^fbclid$/],
};
