export default {
  title: "Docusaurus",
  url: "https://example.org",
  baseUrl: "/",
  favicon: "img/icon.svg",
  presets: [["classic", { docs: { sidebarPath: "./sidebars.js" }, blog: false, theme: { customCss: "./src/css/custom.css" } }]],
  themeConfig: {
    navbar: { title: "Docusaurus", logo: { src: "img/icon.svg" }, items: [{ to: "/docs/intro", label: "Docs" }] },
  },
};
