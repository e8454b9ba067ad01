import { resolve } from "node:path";
import { DnoError } from "../../core/errors.ts";
import { systemError } from "../../core/system-errors.ts";
import { DEFAULT_WORKSPACE, findWorkspace, openWorkspace, type Workspace } from "../../infra/workspace/workspace.ts";
import type { StrictArgs } from "../strict-args.ts";

export const WORKSPACE_ARG = {
	type: "string",
	valueHint: "dir",
	description: "Folder of the campaigns and of what they share (default: runs)",
} as const;

export const STORE_ARG = {
	type: "string",
	valueHint: "address",
	description: "Keep artifacts, verdicts and costs in a bucket, e.g. s3://bucket/prefix",
} as const;

/** The folder of the workspace that a command line means. */
export function workspaceFolder(args: StrictArgs): string {
	return args.options.get("workspace")?.[0] ?? DEFAULT_WORKSPACE;
}

/**
 * The workspace that a command line means, made where there is none yet.
 *
 * @throws {DnoError} It cannot be, in words of the option.
 */
export function workspaceOf(args: StrictArgs): Promise<Workspace> {
	return ofOption(args, openWorkspace(workspaceFolder(args), args.options.get("store")?.[0]));
}

/** Like {@link workspaceOf}, but none is made. */
export function existingWorkspaceOf(args: StrictArgs): Promise<Workspace | undefined> {
	return ofOption(args, findWorkspace(workspaceFolder(args)));
}

/**
 * Like {@link existingWorkspaceOf}, for commands that have nothing to do without one.
 *
 * @param whose for the error's mend
 * @throws {DnoError} There is none.
 */
export async function requiredWorkspaceOf(
	args: StrictArgs,
	whose: "workers" | "schedule",
	kind?: "usage",
): Promise<Workspace> {
	const workspace = await existingWorkspaceOf(args);
	if (workspace !== undefined) return workspace;
	throw new DnoError({
		what: "there is no workspace here",
		where: workspaceFolder(args),
		mend: `Name the one of the ${whose} with --workspace`,
		...(kind && { kind }),
	});
}

async function ofOption<T>(args: StrictArgs, finding: Promise<T>): Promise<T> {
	return await finding.catch((error: Error) => {
		const said = error instanceof DnoError ? error.cause : error;
		throw systemError(said, resolve(workspaceFolder(args)), "Name another folder with --workspace") ?? error;
	});
}
