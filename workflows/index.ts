/** Every workflow type, for the bundle. */
export { baseline } from "./baseline.ts";
export { campaign } from "./campaign.ts";
export { evaluation } from "./evaluation.ts";
export { iteration } from "./iteration.ts";
export { judgeCalls } from "./judge-calls.ts";
export { judgeProgram } from "./judge-program.ts";
export { judging } from "./judging.ts";
export { nightly } from "./nightly.ts";
export { sampling } from "./sampling.ts";
