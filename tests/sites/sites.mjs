// The sites: of which tool each is, what a visitor does there, and what its users have to know.
//
//   hashes     the tool puts a hash into names by default: 95 of 100 subresources have to be immutable
//   named      ends of paths that do not count there: the tool gives them no hash, and somebody knows them by name
//   worker     the site has a service worker
//   folder     which of the sites that scripts/fetch-sites builds, when it is not the one of this name
//   config     the settings that it is baked with; without, they are the defaults
//   cleanUrls  the plain server too answers /about by about.html
//   flaw       why the plain site has exceptions
//   start      where the visit begins, when not at /
//   calm       for how many milliseconds nothing may change before the page is looked at
//   frame      the frame in which the steps are taken, when not the page
//   steps      `open PATH`, `click SELECTOR`, `see SELECTOR`, `key KEY`, `type TEXT`, `reload`, `back`

export const SITES = {
  "vite-react": {
    tool: "Vite, React",
    hashes: true,
    named: ["/icon.svg"],
    steps: ["click #count", "click text=Chart", "click text=Table", "reload"],
    note: "`base` in the configuration of Vite and `at` say the same. Routes of a router in the browser need `spa`.",
  },
  "vite-vue": {
    tool: "Vite, Vue",
    hashes: true,
    steps: ["click #count", "click text=About", "reload", "click text=Home", "open /#/about"],
    note: "As with React; routes behind `#` need nothing.",
  },
  "vite-pages": {
    tool: "Vite, several pages",
    hashes: true,
    steps: ["click #count", "click #chart", "click text=About", "click #chart", "click text=Docs", "reload", "back"],
    note: "The pages that `input` names are files of their own: no route needs a rule.",
  },
  "vite-pages-manifest": {
    tool: "Vite, several pages, `manifest: true`",
    hashes: true,
    steps: ["click #count", "click #chart", "click text=About", "click #chart", "click text=Docs", "reload"],
    note: "`.vite/manifest.json` makes certain which names have a hash.",
  },
  next: {
    tool: "Next.js, `output: \"export\"`",
    hashes: true,
    named: [".txt", "/icon.svg"],
    steps: ["click #count", "click #count", "click nav >> text=About", "click text=Biscuits", "back", "open /about.html", "reload"],
    note: "`basePath` and `at` say the same. Routes are files with `.html`: see the next line, or set `trailingSlash`.",
  },
  "next-clean-urls": {
    tool: "Next.js, with `clean_urls = true`",
    folder: "next",
    config: "clean_urls = true",
    cleanUrls: true,
    hashes: true,
    named: [".txt", "/icon.svg"],
    steps: ["click #count", "click nav >> text=About", "click text=Biscuits", "reload", "open /about", "open /posts/tack"],
    note: "`/about` is answered by `about.html`, as Next.js expects of its host.",
  },
  nuxt: {
    tool: "Nuxt, `nuxt generate`",
    hashes: true,
    named: [".json", "/icon.svg"],
    steps: ["click #count", "click text=About", "click text=Biscuits", "reload", "open /about/", "click text=Home"],
    note: "`app.baseURL` and `at` say the same. Each route is a folder; `200.html` is for `spa`.",
  },
  sveltekit: {
    tool: "SvelteKit, adapter-static",
    hashes: true,
    named: ["/icon.svg", "/version.json"],
    steps: ["click #count", "click text=About", "click text=Biscuits", "back", "open /about.html"],
    note: "`paths.base` and `at` say the same. Routes are files with `.html`: see the next line, or set `trailingSlash`.",
  },
  "sveltekit-clean-urls": {
    tool: "SvelteKit, with `clean_urls = true`",
    folder: "sveltekit",
    config: "clean_urls = true",
    cleanUrls: true,
    hashes: true,
    named: ["/icon.svg", "/version.json"],
    steps: ["click #count", "click text=About", "click text=Biscuits", "reload", "open /about", "open /posts/tack"],
    note: "`/about` is answered by `about.html`. A `fallback` page is named by `spa`.",
  },
  astro: {
    tool: "Astro, islands of React and Svelte",
    hashes: true,
    steps: ["click #count", "click #double", "click text=About", "click #count", "click #late", "reload", "open /about/"],
    note: "`base` and `at` say the same. Each route is a folder.",
  },
  angular: {
    tool: "Angular, with its service worker",
    hashes: true,
    named: ["/rings.png", "/icon.svg", "/manifest.webmanifest", "/ngsw.json", "/ngsw-worker.js"],
    worker: true,
    steps: ["click #count", "click text=About", "reload", "click text=Home"],
    note: "`--base-href` and `at` say the same. Routes of the router need `spa`. `ngsw.json` holds digests of all files.",
  },
  webpack: {
    tool: "webpack, `[contenthash]` and split chunks",
    hashes: true,
    steps: ["click #chart", "click text=About", "reload", "click text=Home"],
    note: "`output.publicPath` is found by the script at run time: the site may lie below any path.",
  },
  rspack: {
    tool: "Rspack, `[contenthash]`",
    hashes: true,
    steps: ["click #chart", "reload"],
    note: "As webpack.",
  },
  rsbuild: {
    tool: "Rsbuild, React",
    hashes: true,
    steps: ["click #count", "click text=Chart", "click text=Table", "reload"],
    note: "`output.assetPrefix` and `at` say the same. Routes of a router in the browser need `spa`.",
  },
  parcel: {
    tool: "Parcel",
    hashes: true,
    steps: ["click #chart", "click text=About", "reload", "click text=Home"],
    note: "`--public-url` and `at` say the same.",
  },
  docusaurus: {
    tool: "Docusaurus",
    hashes: true,
    named: ["/img/icon.svg"],
    steps: ["click #count", "click .main-wrapper >> text=Introduction", "click text=the next page", "reload", "open /docs/intro/"],
    note: "`baseUrl` and `at` say the same. Each route is a folder; `trailingSlash: true` spares a redirect.",
  },
  vitepress: {
    tool: "VitePress",
    hashes: true,
    named: ["/icon.svg"],
    steps: ["click #count", "click text=the introduction", "click text=the next page", "reload", "open /guide/intro.html"],
    note: "`base` and `at` say the same. Links end in `.html`; with `cleanUrls: true`, `clean_urls` is needed.",
  },
  storybook: {
    tool: "Storybook, React and Vite",
    hashes: true,
    // Its Prism asks for its own URL, and Storybook gives it no hash.
    named: ["/favicon.svg", "/index.json", "/sb-manager/globals-runtime.js"],
    start: "/?path=/story/button--hard",
    steps: ["click text=Soft", "reload", "open /iframe.html?id=button--hard"],
    note: "May lie below any path.",
  },
  eleventy: {
    tool: "Eleventy",
    steps: ["click text=Biscuits", "reload"],
    note: "`pathPrefix` and `at` say the same. Each route is a folder.",
  },
  hugo: {
    tool: "Hugo",
    steps: ["click text=Biscuits", "reload"],
    note: "`baseURL` and `at` say the same. A file that `resources.Fingerprint` named keeps its name.",
  },
  jekyll: {
    tool: "Jekyll",
    steps: ["click text=Biscuits", "reload"],
    note: "`baseurl` and `at` say the same.",
  },
  sphinx: {
    tool: "Sphinx, alabaster",
    steps: ["click text=Introduction", "reload", "open /search.html?q=biscuit"],
    note: "May lie below any path.",
  },
  "jupyter-book": {
    tool: "Jupyter Book 1, pydata theme",
    flaw: "the theme declares `THEBE_JS_URL` twice",
    steps: ["click text=The next page", "reload", "open /search.html?q=short"],
    note: "May lie below any path. The page `/` is a redirect to the first chapter.",
  },
  mkdocs: {
    tool: "MkDocs Material",
    steps: ["click text=the introduction", "reload", "open /?q=biscuit"],
    note: "May lie below any path. Each route is a folder. The search runs in a worker.",
  },
  mdbook: {
    tool: "mdBook",
    flaw: "its script asks another host, which is not there",
    steps: ["click main >> text=Next", "key s", "type biscuit", "reload"],
    note: "May lie below any path.",
  },
  rustdoc: {
    tool: "rustdoc",
    start: "/hard_tack/index.html",
    steps: ["click text=Biscuit", "reload", "open /hard_tack/index.html?search=biscuit", "see #results a, .search-results a", "open /settings.html"],
    note: "May lie below any path.",
  },
  "vite-pwa": {
    tool: "vite-plugin-pwa",
    hashes: true,
    named: ["/icon.svg", "/manifest.webmanifest", "/registerSW.js", "/sw.js"],
    worker: true,
    steps: ["click #count", "click #chart", "reload"],
    note: "The worker is at the root of the site, and its name is kept.",
  },
  workbox: {
    tool: "Workbox, `generateSW`",
    worker: true,
    steps: ["click text=About", "reload", "click text=Home"],
    note: "The worker holds a table of names and MD5 digests.",
  },
  "wasm-bindgen": {
    tool: "wasm-bindgen, `web` and `no-modules`",
    steps: ["click #count", "click text=Classic", "click #count", "reload"],
    note: "The loader makes the module's name from its own: both keep theirs.",
  },
  "swagger-ui": {
    tool: "swagger-ui-dist, the package",
    steps: ["reload"],
    note: "May lie below any path.",
  },
  "reveal.js": {
    tool: "reveal.js, the package",
    start: "/demo.html",
    steps: ["key ArrowRight", "key ArrowRight", "key s", "reload"],
    note: "May lie below any path. The package has sources beside its output; of those, `dist` is enough.",
  },
  mathjax: {
    tool: "MathJax, its package beside a page",
    calm: 2000,
    steps: ["see mjx-container", "click #more", "see #late mjx-container"],
    note: "May lie below any path: the script finds its components beside itself.",
  },
  pdfjs: {
    tool: "PDF.js, its viewer",
    start: "/web/viewer.html?file=",
    steps: ["reload"],
    note: "May lie below any path. The viewer of the package `ng2-pdfjs-viewer`: `pdfjs-dist` has none.",
  },
  tinymce: {
    tool: "TinyMCE, its package beside a page",
    steps: ["see .tox-edit-area", "reload"],
    note: "May lie below any path: the script finds plugins and skins beside itself, by names of its own making.",
  },
  monaco: {
    tool: "Monaco, its package beside a page",
    steps: ["see .view-line", "reload"],
    note: "May lie below any path: the loader finds modules beside itself.",
  },
  leaflet: {
    tool: "Leaflet, its package beside a page",
    steps: ["click .leaflet-marker-icon", "reload"],
    note: "May lie below any path. The script finds the folder of the icons from the style sheet.",
  },
  ckeditor4: {
    tool: "CKEditor 4, its package beside a page, with `missing` for its samples",
    config: 'missing = { "/ckeditor/samples/" = "warn" }',
    steps: ["see .cke_contents", "reload"],
    note: "May lie below any path: the script looks for its own name in the page. Its samples refer to files that are not in the package.",
  },
  ckeditor5: {
    tool: "CKEditor 5, its package beside a page",
    steps: ["see .ck-editor__editable", "reload"],
    note: "May lie below any path. An import map names the module.",
  },
};
