export default {
  title: "VitePress",
  head: [["link", { rel: "icon", href: "/icon.svg" }]],
  themeConfig: {
    logo: "/icon.svg",
    nav: [{ text: "Guide", link: "/guide/intro" }],
    search: { provider: "local" },
    sidebar: [{ text: "Guide", items: [{ text: "Introduction", link: "/guide/intro" }, { text: "Next", link: "/guide/next" }] }],
  },
};
