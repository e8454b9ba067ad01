import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { reportError } from "./report-error.ts";
import { dno, finish } from "./testing/dno.ts";

// Processes start slowly on a machine that is busy with other tests.

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

test.concurrent.for([
	"--help",
	"run --help",
	"pretrain -h",
	"export --help",
	"model --help",
	"model import --help",
	"model show --help",
	"model generate --help",
	"model score --help",
	"judge --help",
	"judge check --help",
	"judge try --help",
	"start --help",
	"ls --help",
	"status --help",
	"report --help",
	"pause --help",
	"resume --help",
	"stop --help",
	"cancel --help",
	"steer --help",
	"fork --help",
	"approve --help",
	"schedule --help",
	"schedule create --help",
	"schedule list --help",
	"schedule trigger --help",
	"schedule pause --help",
	"schedule resume --help",
	"schedule delete --help",
	"up --help",
	"worker --help",
	"worker gpu --help",
	"worker drain --help",
	"gc --help",
	"fsck --help",
])("%s", async (line, { expect }) => {
	const { code, stdout, stderr } = await dno(line.split(" "));
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	expect(stdout).toMatchSnapshot();
	for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
});

test.concurrent("--version is the package's", async ({ expect }) => {
	const manifest = await import("../package.json", { with: { type: "json" } });
	expect(await dno(["--version"])).toEqual({ code: 0, stdout: `${manifest.default.version}\n`, stderr: "" });
});

test.concurrent("no command at all is the help and an error", async ({ expect }) => {
	const { code, stdout } = await dno([]);
	expect(code).toBe(2);
	expect(stdout).toContain("COMMANDS");
});

test.concurrent.for([
	[["rnu"], "dno: unknown command rnu. Did you mean run?"],
	[["model", "imprt"], "dno model: unknown command imprt. Did you mean import?"],
	[
		["toString"],
		"dno: unknown command toString. The commands are run, start, ls, status, report, pause, resume, stop, cancel, steer, fork, approve, schedule, cost, pretrain, judge, model, export, up, worker, doctor, gc, fsck",
	],
	[["--versoin"], "dno: unknown option --versoin. Did you mean --version?"],
	[["run"], "dno run: CAMPAIGN is missing. See dno run --help"],
	[["run", "a", "b"], 'dno run: an argument too many. got "b". See dno run --help'],
	[["run", "a", "-q"], "dno run: unknown option -q. See dno run --help"],
	[["run", "a", "--quick=no"], 'dno run: --quick takes no value. got "no". See dno run --help'],
	[["run", "a", "--no-quick"], "dno run: unknown option --no-quick. "],
	[["run", "a", "--seed", "1", "--seed", "2"], 'dno run: --seed is given twice. got "2". See dno run --help'],
	[["run", "a", "--seed", "1.5"], '--seed takes a whole number of at least 0. got "1.5"'],
	[["run", "a", "--set", "x"], '--set takes key=value. got "x"'],
	[["schedule", "create", "A", "b", "--every", "1h"], "a schedule's name is lower-case letters, digits and dashes"],
	[["schedule", "create", "a", "b"], "a schedule takes --cron or --every. Write e.g. "],
	[["schedule", "create", "a", "b", "--every", "1h", "--cron", "@daily"], "a schedule takes --cron or --every. "],
	[
		["schedule", "create", "a", "b", "--every", "1"],
		'--every takes a time of at least 1 s and at most ten years, as 90s, 30m, 24h or 7d. got "1"',
	],
	[
		["schedule", "create", "a", "b", "--every", "1h", "--catch-up", "5s"],
		"--catch-up takes a time of at least 10 s and at most ",
	],
	[["schedule", "create", "a", "b", "--every", "1h", "--overlap", "all"], "--overlap takes skip, buffer-one, "],
	[["schedule", "list"], "runs: there is no workspace here. Name the one of the schedule with --workspace"],
	[["worker", "gpu", "--device", "gpu"], '--device takes cpu, cuda or cuda:N. got "gpu". Leave it out'],
	[["run", "a", "--device", "cuda:x"], '--device takes cpu, cuda or cuda:N. got "cuda:x". Leave it out'],
	[["worker", "control", "--device", "cpu"], "dno worker control: unknown option --device. "],
	[["pretrain", "a"], "dno pretrain: --out is missing. Name a folder to write"],
] as const)("refuses dno %j", async ([args, says], { expect }) => {
	const { code, stdout, stderr } = await dno(args, { cwd: fileURLToPath(new URL("./testing", import.meta.url)) });
	expect(stderr).toContain(`error: ${says}`);
	expect({ code, stdout, lines: stderr.split("\n").length }).toEqual({ code: 2, stdout: "", lines: 2 });
});

test("a full disk is one clear error", async () => {
	const full = openSync("/dev/full", "w");
	const child = spawn(process.execPath, [MAIN, "--help"], { stdio: ["ignore", full, "pipe"] });
	expect(await finish(child)).toMatchObject({
		code: 1,
		stderr: "error: the disk is full. Make room and run again; what is finished is kept\n",
	});
	closeSync(full);
	const error = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", path: "/x/y" });
	expect(reportError(new Error("activity failed", { cause: error }), false)).toEqual({
		text: "error: /x/y: the disk is full. Make room and run again; what is finished is kept\n",
		exitCode: 1,
	});
});

test("a reader that goes away ends the command quietly", async () => {
	const child = spawn("sh", ["-c", `"$0" "$1" run --help | true`, process.execPath, MAIN], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	expect((await finish(child)).stderr).toBe("");
});

test("what nobody expected is one line, and a stack with --debug", () => {
	const error = new TypeError("x is not a function\nand more");
	const line = "error: unexpected error: TypeError: x is not a function. Run again with --debug for the stack\n";
	expect(reportError(error, false)).toEqual({ text: line, exitCode: 1 });
	expect(reportError(error, true).text).toMatch(/^ {4}at /m);
	expect(reportError("text", false).text).toBe("error: unexpected error: text. Run again with --debug for the stack\n");
});
