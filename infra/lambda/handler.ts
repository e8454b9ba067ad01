/** What Lambda loads: `index.handler` of the bundle. */
import { readFileSync } from "node:fs";
import { createHandler } from "./create-handler.ts";

const { buildId } = JSON.parse(readFileSync(new URL("./build.json", import.meta.url), "utf8")) as { buildId: string };

// The one folder that a function may write to, of which it has half a gigabyte unless it is given more.
process.env.DNO_STORE_CACHE ||= "/tmp/dno/store";
process.env.DNO_STORE_CACHE_GB ||= "0.3";

// Awaited here, so that what is wrong fails the function's start, and the time that it takes is the start's.
export const handler = await createHandler(process.env, buildId);
