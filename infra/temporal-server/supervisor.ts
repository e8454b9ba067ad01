/**
 * Runs one server and ends it when its owner ends, however that happens. The owner holds the other end of standard input:
 * the system closes it even after kill -9, which no handler in the owner could notice.
 *
 * Arguments: the milliseconds of grace at the end, the pid file ("" for none), the owner, the address, the UI's URL ("" for none), and then the command.
 * Standard output tells the owner, in JSON lines, {pid} once and {code, signal} at the end; standard error is the log.
 */
import { spawn } from "node:child_process";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import type { PidRecord } from "./pid-file.ts";

const [graceMs = "", pidFile = "", owner = "", address = "", uiUrl = "", binary = "", ...args] = process.argv.slice(2);

const tell = (report: object) => process.stdout.write(`${JSON.stringify(report)}\n`);
// The owner may be gone; that must not keep this process from ending the server.
process.stdout.on("error", () => {});

const server = spawn(binary, args, { stdio: ["ignore", 2, 2] });
server.once("spawn", () => {
	const ui = uiUrl === "" ? {} : { uiUrl };
	const record: PidRecord = {
		...{ server: server.pid!, supervisor: process.pid, owner: Number(owner), address },
		...ui,
	};
	if (pidFile !== "") {
		writeFileSync(`${pidFile}.new`, JSON.stringify(record));
		renameSync(`${pidFile}.new`, pidFile);
	}
	tell({ pid: server.pid });
});
server.once("error", (error) => finish({ code: null, signal: null, error: error.message }));
server.once("exit", (code, signal) => finish({ code, signal }));

let isEnding = false;
function end(): void {
	if (isEnding) return;
	isEnding = true;
	if (Number(graceMs) === 0) server.kill("SIGKILL");
	else server.kill("SIGTERM");
	setTimeout(() => server.kill("SIGKILL"), Number(graceMs));
}

function finish(report: object): void {
	if (pidFile !== "") rmSync(pidFile, { force: true });
	process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
	setTimeout(() => process.exit(0), 200);
}

process.stdin.on("error", end).on("end", end).on("close", end).resume();
process.on("SIGTERM", end);
// The terminal's signals are the owner's to answer: it still needs the server to shut its workers down.
for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => {});
