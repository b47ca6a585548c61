"""Where networks come from: `lines` and `build` cut roads into segments, `files` keeps them, `sample` draws a town."""
