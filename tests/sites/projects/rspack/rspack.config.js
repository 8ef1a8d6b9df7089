const { HtmlRspackPlugin } = require("@rspack/core");

module.exports = {
  mode: "production",
  entry: { home: "./src/home.js" },
  output: { filename: "[name].[contenthash:8].js", cssFilename: "[name].[contenthash:8].css", clean: true },
  module: { rules: [{ test: /\.css$/, type: "css/auto" }, { test: /\.png$/, type: "asset/resource" }] },
  optimization: { runtimeChunk: "single" },
  plugins: [new HtmlRspackPlugin({ template: "src/home.html" })],
};
