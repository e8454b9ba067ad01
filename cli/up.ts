import { type ArgsDef, defineCommand } from "citty";
import { deviceLabel, deviceLine } from "../gpu-worker/engines/onnx/device.ts";
import { findGpus } from "../gpu-worker/engines/onnx/gpus.ts";
import type { UpEvent } from "../infra/pool/up.ts";
import { DEVICE_ARG, deviceOf, deviceWish } from "./device-option.ts";
import { shortPath } from "./render/event-text.ts";
import { parseStrictly, type StrictArgs, wholeNumber } from "./strict-args.ts";
import { STORE_ARG, WORKSPACE_ARG, workspaceOf } from "./worker/options.ts";
import { ENDS_WITH_PARENT, stopSignal } from "./worker/stop-signal.ts";

const ARGS = {
	workspace: WORKSPACE_ARG,
	store: STORE_ARG,
	judges: { type: "string", valueHint: "n", description: "Workers that judge (default: 1)" },
	"gpu-workers": { type: "string", valueHint: "n", description: "Workers that sample and train (default: 1)" },
	device: DEVICE_ARG,
	json: { type: "boolean", description: "Print what happens as JSON, one a line" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const upCommand = defineCommand({
	meta: { name: "up", description: "Run a server and workers here, e.g. dno up --gpu-workers 2" },
	args: ARGS,
	run: ({ rawArgs }) => runUp(rawArgs),
});

/** @returns The exit code: 0 when it was stopped. */
async function runUp(rawArgs: readonly string[]): Promise<number> {
	const args = parseStrictly("dno up", rawArgs, ARGS);
	const judges = wholeNumber(args, "judges", 0) ?? 1;
	const gpuWorkers = wholeNumber(args, "gpu-workers", 0) ?? 1;
	const isJson = args.options.has("json");
	const { signal } = stopSignal(() => {});
	const emit = (event: UpEvent) => void process.stdout.write(`${isJson ? JSON.stringify(event) : lineOf(event)}\n`);
	const devices = await deviceArguments(args, gpuWorkers, emit);
	const workspace = await workspaceOf(args);
	const { up } = await import("../infra/pool/up.ts");
	await up({
		...{ workspace, judges, devices, signal },
		program: [process.execPath, process.argv[1]!],
		env: { ...process.env, [ENDS_WITH_PARENT]: "1" },
		emit,
	});
	return 0;
}

/** What `--device` each GPU worker is given: on several GPUs one each, in turn. */
async function deviceArguments(
	args: StrictArgs,
	count: number,
	emit: (event: UpEvent) => void,
): Promise<readonly (string | undefined)[]> {
	const wish = deviceWish(args);
	const same = (device: string | undefined) => Array.from({ length: count }, () => device);
	if (count === 0) return [];
	// Insisted on in vain, it is better said here than in the workers' logs.
	const chosen = await deviceOf(args);
	const { device } = chosen;
	emit({ event: "setup", text: `GPU workers compute on ${deviceLine(chosen)}` });
	if (device.kind === "cpu") return same(wish?.kind);
	if (wish?.kind === "cuda" && wish.index !== undefined) return same(deviceLabel(device));
	const { gpus } = await findGpus();
	return same(undefined).map((_, i) => deviceLabel({ kind: "cuda", index: i % gpus.length }));
}

function lineOf(event: UpEvent): string {
	switch (event.event) {
		case "setup":
			return event.text;
		case "server":
			return `Temporal at ${event.address}${event.uiUrl === undefined ? "" : `, watch ${event.uiUrl}`}`;
		case "server-died":
			return `The server died and is started again in ${event.againInSeconds} s`;
		case "worker":
			return `${event.name}: ${workerText(event)}`;
		case "stopping":
			return "Stopping: what is finished is kept.";
		case "stopped":
			return "Stopped.";
	}
}

function workerText(event: Extract<UpEvent, { event: "worker" }>): string {
	if (event.state === "started") return `started as process ${event.pid}, log ${shortPath(event.log)}`;
	if (event.state === "drained") return "drained, and not started again";
	return `died (${event.how}), is started again in ${event.againInSeconds.toFixed(1)} s; see ${shortPath(event.log)}`;
}
