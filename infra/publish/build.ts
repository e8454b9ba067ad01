/** `npm run build`: the package that is published, in `dist/package/`. */
import { resolve } from "node:path";
import { buildPackage } from "./build-package.ts";

await buildPackage(resolve(import.meta.dirname, "../../dist/package"));
