import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownIdentity } from "../infra/workspace/process-identity.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { acquireLock, lockHolder } from "./lock.ts";

/** More than Linux gives to any process. */
const NO_PROCESS = 2 ** 22 + 1;

const folder = () => temporaryFolder();

test("a lock is held until it is given back, and leaves nothing behind", () => {
	const directory = folder();
	const release = acquireLock(directory);
	expect(lockHolder(directory)).toEqual(ownIdentity());
	expect(readdirSync(directory)).toEqual(["lock.json"]);
	expect(() => acquireLock(directory)).toThrow(`already running, as process ${process.pid}`);
	release();
	release();
	expect(readdirSync(directory)).toEqual([]);
	acquireLock(directory)();
});

test.for([
	["a dead process", { pid: NO_PROCESS }],
	["an earlier process of the same number", { pid: process.pid, started: "boot:1" }],
	["a damaged file", "{"],
] as const)("%s holds nothing", ([, content]) => {
	const directory = folder();
	writeFileSync(join(directory, "lock.json"), typeof content === "string" ? content : JSON.stringify(content));
	expect(lockHolder(directory)).toBeUndefined();
	const release = acquireLock(directory);
	expect(JSON.parse(readFileSync(join(directory, "lock.json"), "utf8"))).toEqual(ownIdentity());
	expect(readdirSync(directory)).toEqual(["lock.json"]);
	release();
});

test("what another process took over is not given back", () => {
	const directory = folder();
	const release = acquireLock(directory);
	writeFileSync(join(directory, "lock.json"), JSON.stringify({ pid: 1 }));
	release();
	expect(readdirSync(directory)).toEqual(["lock.json"]);
});
