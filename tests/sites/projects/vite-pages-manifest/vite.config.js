export default {
  build: { manifest: true, rollupOptions: { input: ["index.html", "about.html", "docs/index.html"] } },
};
