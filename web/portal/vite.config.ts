import { pageBuild } from "../build.ts";

export default pageBuild(["portal/index.html"], "../../src/portal_bridge/pages");
