project = "Sphinx"
extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax"]
html_theme = "alabaster"
