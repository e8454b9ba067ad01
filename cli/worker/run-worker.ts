import { hostname } from "node:os";
import { type ArgsDef, defineCommand } from "citty";
import type { CampaignEvent } from "../../core/events.ts";
import { deviceLine } from "../../gpu-worker/engines/onnx/device.ts";
import type { WorkerKind } from "../../infra/pool/registry.ts";
import { isOnEc2, spotNotice } from "../../infra/pool/spot-notice.ts";
import type { Command } from "../command-group.ts";
import { shortPath } from "../render/event-text.ts";
import { parseStrictly, type StrictArgs } from "../strict-args.ts";
import { GPU_ARGS, gpuHostOf } from "./gpu-host.ts";
import { STORE_ARG, WORKSPACE_ARG, workspaceFolder, workspaceOf } from "./options.ts";
import { stopSignal } from "./stop-signal.ts";

const ARGS = {
	workspace: WORKSPACE_ARG,
	store: STORE_ARG,
	name: { type: "string", valueHint: "name", description: "Unique in the workspace (default: from the host's name)" },
	json: { type: "boolean", description: "Print what happens as JSON, one a line" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

const ABOUT: Readonly<Record<WorkerKind, string>> = {
	control: "Run workflows and bookkeeping",
	judge: "Judge for campaigns",
	gpu: "Sample and train",
};

/** `dno worker control`, `judge` and `gpu`. */
export function workerCommand(kind: WorkerKind): Command {
	const description = `${ABOUT[kind]}, e.g. dno worker ${kind} --workspace runs`;
	const args: ArgsDef = kind === "gpu" ? { ...ARGS, ...GPU_ARGS } : ARGS;
	return defineCommand({
		meta: { name: kind, description },
		args,
		run: ({ rawArgs }) => runWorker(kind, parseStrictly(`dno worker ${kind}`, rawArgs, args)),
	});
}

type Say = (event: { readonly event: string; readonly [key: string]: unknown }, text: string) => void;

/** @returns The exit code: 0 after a drain. */
async function runWorker(kind: WorkerKind, args: StrictArgs): Promise<number> {
	const isJson = args.options.has("json");
	// A GPU host is known by its name alone: its queue is called after it, and stays the same over restarts.
	const name = args.options.get("name")?.[0] ?? (kind === "gpu" ? hostname() : `${kind}-${hostname()}`);
	const say: Say = (event, text) => process.stdout.write(`${isJson ? JSON.stringify(event) : text}\n`);
	const own = { kind, name, pid: process.pid };
	const drain = stopSignal(() =>
		say({ event: "draining", ...own }, "Draining: takes no new work, hands back the rest."),
	);
	const host = kind === "gpu" ? await gpuHostOf(args, name) : undefined;
	if (host !== undefined) {
		const { device, name: gpu, why } = host.chosen;
		say({ event: "device", ...own, device, ...(gpu && { gpu }), why }, `Computes on ${deviceLine(host.chosen)}.`);
		if (args.options.has("spot") || (await isOnEc2(process.env))) void drainAtNotice(drain, say);
	}
	const { signal } = drain;
	// Loaded here, since Temporal takes a second to load, which --help need not.
	const [{ requireWorkspaceServer }, { runPoolWorker }] = await Promise.all([
		import("../../infra/workspace/require-workspace-server.ts"),
		import("../../infra/pool/pool-worker.ts"),
	]);
	// First, so that a folder that was named by mistake becomes no workspace.
	const server = await requireWorkspaceServer(workspaceFolder(args));
	const workspace = await workspaceOf(args);
	await runPoolWorker({
		...{ workspace, server, kind, name, signal },
		...(host && { host }),
		emit: (campaign, event) => {
			const text = isJson ? "" : lineOf(event);
			if (text !== undefined) say({ ...event, campaign }, `${campaign}: ${text}`);
		},
		onNotice: (text) => say({ event: "notice", ...own, text }, text),
		onReady: ({ address, queues }) => {
			const place = `${shortPath(workspace.directory)} at ${address}`;
			const text = `Worker ${name} (${kind}) is ready for the campaigns of ${place}: ${queues.join(", ")}`;
			say({ event: "ready", ...own, workspace: workspace.directory, address, queues }, text);
		},
	});
	say({ event: "drained", ...own }, "Drained.");
	return 0;
}

/** Drains when EC2 announces that it takes the machine. */
async function drainAtNotice({ signal, stop }: ReturnType<typeof stopSignal>, say: Say): Promise<void> {
	const notice = await spotNotice({
		...{ env: process.env, signal },
		onTrouble: (reason) => {
			const mend = "in a container it needs a hop limit of 2";
			const text = `EC2's metadata service does not answer (${reason}); ${mend}. An interruption would come unseen.`;
			say({ event: "spot-unknown", reason }, text);
		},
	});
	if (notice === undefined) return;
	const { action, time } = notice;
	say({ event: "spot-notice", action, time }, `EC2 will ${action} this spot instance at ${time}.`);
	stop();
}

/** A line for the log; undefined for what comes too often for one. */
function lineOf(event: CampaignEvent): string | undefined {
	switch (event.event) {
		case "progress":
			return event.done >= event.total
				? `iteration ${event.iteration}, ${event.line}: ${event.stage} ${event.done} of ${event.total} ${event.unit}`
				: undefined;
		case "iteration":
			return `iteration ${event.iteration} is finished`;
		case "retry":
			return `${event.stage} failed (try ${event.attempt}) and is tried again: ${event.reason}`;
		case "paused":
			return `paused: ${event.reason}. ${event.mend}`;
		default:
			return undefined;
	}
}
