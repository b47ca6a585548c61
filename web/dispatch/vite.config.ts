import { pageBuild } from "../build.ts";

export default pageBuild(["dispatch/index.html", "dispatch/sign-in.html", "dispatch/docs.html"], "../../src/snowtrack/api/pages");
