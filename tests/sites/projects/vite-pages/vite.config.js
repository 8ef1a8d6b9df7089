export default {
  build: { rollupOptions: { input: ["index.html", "about.html", "docs/index.html"] } },
};
