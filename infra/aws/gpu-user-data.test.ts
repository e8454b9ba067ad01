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

/** The script runs in a folder that stands for the root; commands of the host write down how they were called. */
let root: string;
beforeAll(() => {
	root = mkdtempSync(join(tmpdir(), "dno-host-"));
	for (const folder of ["bin", "mnt/dno", "usr/local/bin", "etc/systemd/system", "run"])
		mkdirSync(join(root, folder), { recursive: true });
	writeFileSync(join(root, "mnt/dno/workspace.json"), "{}");
	for (const name of ["dnf", "mount", "chown", "systemctl", "docker", "curl", "aws", "jq", "sleep"]) {
		const answer =
			{
				curl: 'case "$*" in *instance-id*) echo i-123;; *target-lifecycle-state*) echo Terminated;; *) echo token;; esac',
				aws: 'case "$*" in *get-secret-value*) echo \'{"OPENAI_API_KEY":"sk-1"}\';; *) echo password;; esac',
				jq: "cat >/dev/null; echo OPENAI_API_KEY=sk-1",
				// Whoever does not read the password ends the command that writes it (SIGPIPE).
				docker: `case "$*" in inspect*) cat ${root}/health;; login*) cat >/dev/null;; esac`,
				// Once round the watch.
				sleep: `test ! -e ${root}/slept && touch ${root}/slept`,
			}[name] ?? ":";
		const script = `#!/bin/bash\necho ${name} "$*" >> ${root}/calls\n${answer}\n`;
		writeFileSync(join(root, "bin", name), script);
		chmodSync(join(root, "bin", name), 0o755);
	}
	const here = lines.join("\n").replaceAll(/(?<=[\s=])\/(mnt|usr\/local|etc|run|var)\//g, `${root}/$1/`);
	run(here);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function run(script: string): string {
	const PATH = `${root}/bin:${root}/usr/local/bin:${process.env.PATH}`;
	return execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8", env: { PATH } });
}
const calls = () => readFileSync(join(root, "calls"), "utf8");

test("the workspace is mounted by TLS and IAM, and the services are started", () => {
	expect(calls()).toContain(`mount -t efs -o tls,iam,accesspoint=fsap-1 fs-1:/ ${root}/mnt/dno`);
	expect(calls()).toContain("systemctl enable --now dno-worker dno-watch dno-drain");
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
		/registry\.example\/dno-worker:1\.2\.3 worker gpu --workspace \S+\/mnt\/dno --name i-123 --cache \/cache$/,
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
