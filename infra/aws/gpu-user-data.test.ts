import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gpuUserData } from "./gpu-user-data.ts";

const lines = gpuUserData({
	region: "eu-central-1",
	image: "registry.example/dno-worker:1.2.3",
	registry: "registry.example",
	fileSystem: "fs-1",
	accessPoint: "fsap-1",
	secret: "arn:secret",
	logGroup: "logs",
	group: "dno-gpu-spot",
	hook: "drain",
	environment: { TEMPORAL_ADDRESS: "temporal:7233" },
});

const COMMANDS = "dnf mount mountpoint chown systemctl journalctl shutdown docker curl aws jq sleep";

/** The script runs in a folder that stands for the root; commands of the host write down how they were called. */
let root: string;
let script: string;
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "dno-host-"));
	for (const folder of ["bin", "mnt/dno", "usr/local/bin", "etc/systemd/system", "run"])
		mkdirSync(join(root, folder), { recursive: true });
	writeFileSync(join(root, "mnt/dno/workspace.json"), "{}");
	for (const name of COMMANDS.split(" ")) {
		const answer =
			{
				curl: 'case "$*" in *instance-id*) echo i-123;; *target-lifecycle-state*) echo Terminated;; *) echo token;; esac',
				aws: 'case "$*" in *get-secret-value*) echo \'{"OPENAI_API_KEY":"sk-1"}\';; *) echo password;; esac',
				jq: "cat >/dev/null; echo OPENAI_API_KEY=sk-1",
				// Whoever does not read the password ends the command that writes it (SIGPIPE).
				docker: `case "$*" in inspect*) cat ${root}/health;; login*) cat >/dev/null;; esac`,
				journalctl: "echo driver too old",
				// Once round the watch.
				sleep: `test ! -e ${root}/slept && touch ${root}/slept`,
			}[name] ?? ":";
		const fails = `grep -qx ${name} ${root}/failing && exit 1`;
		const command = ["#!/bin/bash", `echo ${name} "$*" >> ${root}/calls`, fails, answer, ""].join("\n");
		writeFileSync(join(root, "bin", name), command);
		chmodSync(join(root, "bin", name), 0o755);
	}
	fail();
	script = lines
		.join("\n")
		.replaceAll("/dev/console", join(root, "console"))
		.replaceAll(/(?<=[\s=])\/(mnt|usr\/local|etc|run|var)\//g, `${root}/$1/`);
	run(script);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function run(script: string): string {
	const PATH = `${root}/bin:${root}/usr/local/bin:${process.env.PATH}`;
	return execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8", env: { PATH } });
}
/** Commands of the host that fail from now on. */
const fail = (...names: string[]) => writeFileSync(join(root, "failing"), names.join("\n"));
const calls = () => readFileSync(join(root, "calls"), "utf8");

test("the workspace is mounted by TLS and IAM, and the services are started", () => {
	expect(calls()).toContain(`mount -t efs -o tls,iam,accesspoint=fsap-1 fs-1:/ ${root}/mnt/dno`);
	expect(calls()).toContain("systemctl enable --now --no-block dno-worker dno-watch dno-drain");
	expect(calls()).not.toContain("shutdown");
	const unit = readFileSync(join(root, "etc/systemd/system/dno-worker.service"), "utf8");
	expect(unit).toMatch(/ExecStop=\/usr\/bin\/docker stop -t 100 dno\n/);
});

test("the worker is named after the instance; keys are in memory and in no command line", () => {
	run("dno-prepare && dno-worker");
	expect(readFileSync(join(root, "run/dno-keys.env"), "utf8")).toBe("OPENAI_API_KEY=sk-1\n");
	const started = calls()
		.split("\n")
		.find((line) => line.startsWith("docker run"))!;
	expect(started).toMatch(
		/registry\.example\/dno-worker:1\.2\.3 worker gpu --workspace \S+\/mnt\/dno --name i-123 --cache \/cache --device cuda$/,
	);
	expect(started).toContain("--gpus all");
	expect(calls()).not.toContain("sk-1");
});

test("its health is looked at in the workspace that it serves, and who is not well is started again", () => {
	run("dno-prepare && dno-worker");
	expect(calls()).toMatch(
		/docker run .*--health-cmd node \/app\/cli\/main\.js worker health --workspace \S+\/mnt\/dno /,
	);
	const restarts = (health: string) => {
		writeFileSync(join(root, "health"), health);
		rmSync(join(root, "slept"), { force: true });
		const before = calls().length;
		run("dno-watch");
		return (
			calls()
				.slice(before)
				.match(/systemctl restart dno-worker/g)?.length ?? 0
		);
	};
	expect([restarts("healthy"), restarts("starting"), restarts("unhealthy"), restarts("")]).toEqual([0, 0, 1, 0]);
});

test("a host that is to go stops its worker and says when that is done", () => {
	run("dno-drain");
	const drained = calls().slice(calls().indexOf("systemctl stop dno-watch"));
	expect(drained).toMatch(/^systemctl stop dno-watch\nsystemctl stop dno-worker\n/);
	expect(drained).toContain("complete-lifecycle-action");
	expect(drained).toContain("--auto-scaling-group-name dno-gpu-spot --lifecycle-hook-name drain --instance-id i-123");
});

test.each(["dnf", "mount"])("a host on which %s fails ends, and is not left without a worker", (name) => {
	fail(name);
	const before = calls().length;
	expect(() => run(script)).toThrow();
	fail();
	const [last] = calls().trimEnd().split("\n").slice(-1);
	expect(calls().slice(before)).toContain(`${name} `);
	expect(last).toBe("shutdown -h now");
});

test("a worker is not started without its workspace", () => {
	fail("mountpoint");
	expect(() => run("dno-prepare")).toThrow();
	fail();
});

test("a worker that fails five times in an hour is not started again; the host is given up to its group", () => {
	const unit = readFileSync(join(root, "etc/systemd/system/dno-worker.service"), "utf8");
	const [limits] = unit.split("[Service]");
	expect(limits).toMatch(/^StartLimitIntervalSec=3600\nStartLimitBurst=5\nOnFailure=dno-give-up\.service\n/m);
	expect(readFileSync(join(root, "etc/systemd/system/dno-give-up.service"), "utf8")).toMatch(
		/^ExecStart=\S*\/usr\/local\/bin\/dno-give-up$/m,
	);
	const before = calls().length;
	run("dno-give-up");
	const given = calls().slice(before);
	expect(given).toContain(
		"aws autoscaling set-instance-health --health-status Unhealthy --no-should-respect-grace-period --region eu-central-1 --instance-id i-123",
	);
	expect(given).not.toContain("shutdown");
	expect(readFileSync(join(root, "console"), "utf8")).toBe("driver too old\n");
});

test("a host that cannot say so ends by itself", () => {
	fail("aws");
	run("dno-give-up");
	fail();
	expect(calls().trimEnd()).toMatch(/\nshutdown -h now$/);
});
