/** `npm run build:lambda`: the judges' function, in `dist/lambda/`. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ARCHITECTURES, type Architecture, bundleLambda, LIMITS } from "./bundle.ts";

const { values } = parseArgs({ options: { arch: { type: "string", default: "x64" } } });
if (!ARCHITECTURES.includes(values.arch as Architecture)) {
	process.stderr.write(`--arch is ${ARCHITECTURES.join(" or ")}\n`);
	process.exit(2);
}
const outDir = resolve(import.meta.dirname, "../../dist/lambda");
const { zip, buildId, architecture, sizes } = await bundleLambda(outDir, values.arch as Architecture);
const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
process.stdout.write(`${zip}
build ${buildId}, nodejs24.x, ${architecture}, handler index.handler
zipped ${megabytes(sizes.zipped)} MB (directly uploaded at most ${megabytes(LIMITS.direct)}), unzipped ${megabytes(sizes.unzipped)} MB (at most ${megabytes(LIMITS.unzipped)})
`);
