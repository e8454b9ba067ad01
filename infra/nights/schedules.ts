import {
	Client,
	ScheduleAlreadyRunning,
	type ScheduleDescription,
	type ScheduleHandle,
	ScheduleNotFoundError,
} from "@temporalio/client";
import { DnoError } from "../../core/errors.ts";
import type { nightly } from "../../workflows/nightly.ts";
import { connectClient } from "../campaign/client-connection.ts";
import { campaignError } from "../campaign/failures.ts";
import { requireWorkspaceServer } from "../workspace/require-workspace-server.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { readScheduleFile, removeScheduleFile, type ScheduleFile, writeScheduleFile } from "./night-files.ts";

/** The schedules of a workspace, on its server. */
export interface Schedules {
	/** @throws {DnoError} There is one of that name, or the server does not take its times. */
	create(name: string, file: ScheduleFile): Promise<ScheduleDescription>;
	/** Undefined where the server has none of that name. */
	describe(name: string): Promise<ScheduleDescription | undefined>;
	/** Runs one now, unless one runs already and the schedule's overlap says otherwise. @throws {DnoError} There is none. */
	trigger(name: string): Promise<ScheduleDescription>;
	/** @throws {DnoError} There is none. */
	pause(name: string, reason: string): Promise<void>;
	/** Goes on, and makes up, once, for times that the pause swallowed within the catch-up window. @throws {DnoError} There is none. */
	resume(name: string): Promise<void>;
	/** Leaves campaigns, also the one that is under way. @throws {DnoError} There is none. */
	delete(name: string): Promise<void>;
	/** What a night's workflow failed of; undefined where it did not fail. */
	failureOf(workflowId: string): Promise<string | undefined>;
}

const OVERLAPS = {
	skip: "SKIP",
	"buffer-one": "BUFFER_ONE",
	"cancel-other": "CANCEL_OTHER",
	"allow-all": "ALLOW_ALL",
} as const;

/** @throws {DnoError} No server is there, or it does not answer. */
export async function withSchedules<T>(workspace: Workspace, use: (schedules: Schedules) => Promise<T>): Promise<T> {
	const server = await requireWorkspaceServer(workspace.directory);
	const { namespace, dataConverter } = server;
	const { connection, close } = await connectClient(server);
	try {
		return await use(
			schedulesOf(workspace, new Client({ connection, namespace, ...(dataConverter && { dataConverter }) })),
		);
	} finally {
		await close();
	}
}

function schedulesOf(workspace: Workspace, client: Client): Schedules {
	const idOf = (name: string) => `${workspace.id}-${name}`;
	const on = async <T>(name: string, use: (handle: ScheduleHandle) => Promise<T>): Promise<T> => {
		try {
			return await use(client.schedule.getHandle(idOf(name)));
		} catch (error) {
			if (!(error instanceof ScheduleNotFoundError)) throw error;
			throw new DnoError({
				what: "there is no such schedule",
				where: workspace.directory,
				got: name,
				mend: "See dno schedule list",
				kind: "usage",
			});
		}
	};
	return {
		async create(name, file) {
			const before = await readScheduleFile(workspace, name);
			// Before the server knows of it: a night that begins at once reads it.
			await writeScheduleFile(workspace, name, file);
			try {
				const handle = await client.schedule.create<typeof nightly>({
					scheduleId: idOf(name),
					spec: specOf(file),
					action: {
						type: "startWorkflow",
						workflowType: "nightly",
						// The server adds the time.
						workflowId: idOf(name),
						taskQueue: workspace.queues.control,
						args: [{ schedule: name, iterations: file.iterations }],
					},
					policies: { overlap: OVERLAPS[file.overlap], catchupWindow: file.catchUpMs },
				});
				const made = await handle.describe();
				if (made.info.nextActionTimes.length > 0) return made;
				await handle.delete();
				throw timesError("the schedule would never begin", file);
			} catch (error) {
				if (before === undefined) await removeScheduleFile(workspace, name);
				else await writeScheduleFile(workspace, name, before);
				throw createError(error, name, file);
			}
		},
		describe: (name) =>
			client.schedule
				.getHandle(idOf(name))
				.describe()
				.catch((error) => {
					if (error instanceof ScheduleNotFoundError) return undefined;
					throw error;
				}),
		trigger: (name) =>
			on(name, async (handle) => {
				const before = await handle.describe();
				await handle.trigger(before.policies.overlap);
				return before;
			}),
		pause: (name, reason) =>
			on(name, async (handle) => {
				const { state } = await handle.describe();
				// The first pause's times count.
				if (!state.paused) await handle.pause(`${reason} (${SINCE} ${new Date().toISOString()})`);
			}),
		resume: (name) =>
			on(name, async (handle) => {
				const { state, policies } = await handle.describe();
				if (!state.paused) return;
				const end = new Date();
				await handle.unpause();
				const since = pausedSince(state.note);
				if (since === undefined) return;
				const start = new Date(Math.max(since, end.getTime() - policies.catchupWindow));
				// All missed times at once, of which the first runs.
				await handle.backfill({ start, end, overlap: "SKIP" });
			}),
		delete: (name) =>
			on(name, async (handle) => {
				await handle.delete();
				await removeScheduleFile(workspace, name);
			}),
		async failureOf(workflowId) {
			const handle = client.workflow.getHandle(workflowId);
			const { status } = await handle.describe().catch(() => ({ status: undefined }));
			if (status === undefined || ["RUNNING", "COMPLETED"].includes(status.name)) return undefined;
			return await handle.result().then(
				() => undefined,
				(error) => campaignError(error).message,
			);
		},
	};
}

const SINCE = "paused since";

// The server keeps no time of a pause. One that was made elsewhere has none and is not made up for.
function pausedSince(note: string | undefined): number | undefined {
	const at = Date.parse(new RegExp(`\\(${SINCE} (\\S+)\\)$`).exec(note ?? "")?.[1] ?? "");
	return Number.isNaN(at) ? undefined : at;
}

function specOf({ times }: ScheduleFile) {
	return "cron" in times ? { cronExpressions: [times.cron] } : { intervals: [{ every: times.every as `${number}h` }] };
}

function createError(error: unknown, name: string, file: ScheduleFile): unknown {
	if (error instanceof ScheduleAlreadyRunning)
		return new DnoError({
			what: "there is a schedule of this name",
			got: name,
			mend: `Delete it with dno schedule delete ${name}, or take another name`,
			kind: "usage",
		});
	// What the SDK makes of a server's refusal of the times.
	return error instanceof TypeError ? timesError(`Temporal does not take the schedule: ${error.message}`, file) : error;
}

function timesError(what: string, { times }: ScheduleFile): DnoError {
	const [got, mend] =
		"cron" in times
			? [
					times.cron,
					'Write --cron as minute, hour, day, month and weekday, e.g. "0 2 * * *" for every day at 2 o\'clock, UTC',
				]
			: [times.every, "Write --every as e.g. 24h"];
	return new DnoError({ what, got, mend, kind: "usage" });
}
