"""How much snow fell, and where: depths (`readings`, `listings`) become new snow (`series`, `curves`) on the roads that
are near (`nearest`), of which people are told (`alerts`), and which proposes to go out (`dispatch`)."""
