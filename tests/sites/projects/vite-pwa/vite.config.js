import { VitePWA } from "vite-plugin-pwa";

export default {
  plugins: [
    VitePWA({
      registerType: "autoUpdate",
      workbox: { globPatterns: ["**/*.{js,css,html,png,svg,woff2}"] },
      manifest: { name: "A Vite PWA", icons: [{ src: "icon.svg", sizes: "any", type: "image/svg+xml" }] },
    }),
  ],
};
