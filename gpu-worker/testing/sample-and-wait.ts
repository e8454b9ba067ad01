import { readFileSync } from "node:fs";
import { runSamplingStep } from "./sampling-step.ts";

// A GPU worker's process that a test kills: the folder, and a file with the step.
const [directory, job] = process.argv.slice(2);
await runSamplingStep(directory!, JSON.parse(readFileSync(job!, "utf8")));
