"""Where networks come from: `osm` and `features` read lines, `cut` and `build` make segments, `files` keeps them."""
