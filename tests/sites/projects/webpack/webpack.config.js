const HtmlWebpackPlugin = require("html-webpack-plugin");
const MiniCssExtractPlugin = require("mini-css-extract-plugin");

// As webpack's guide to caching says.
module.exports = {
  mode: "production",
  entry: { home: "./src/home.js", about: "./src/about.js" },
  output: { filename: "[name].[contenthash].js", clean: true },
  module: {
    rules: [
      { test: /\.css$/, use: [MiniCssExtractPlugin.loader, "css-loader"] },
      { test: /\.(png|svg|woff2?)$/, type: "asset/resource" },
    ],
  },
  optimization: { runtimeChunk: "single", splitChunks: { chunks: "all", minSize: 0 } },
  plugins: [
    new MiniCssExtractPlugin({ filename: "[name].[contenthash].css" }),
    new HtmlWebpackPlugin({ template: "src/home.html", filename: "index.html", chunks: ["home"] }),
    new HtmlWebpackPlugin({ template: "src/about.html", filename: "about.html", chunks: ["about"] }),
  ],
};
