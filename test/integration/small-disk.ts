import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** Whether this user may have a file system of his own, as Linux lets most. */
export const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

/** In its own mount namespace: what it mounts is gone when it ends. */
const FULL = `
mount -t tmpfs -o size=16m tmpfs "$1" || exit 97
cp -a "$2/." "$1/"
head -c 15m /dev/zero > "$1/filler"
cat /dev/zero > "$1/filler2" 2> /dev/null
shift 2
"$@" < /dev/null &
read -r line
rm -f "$DISK/filler" "$DISK/filler2"
wait $!
code=$?
cp -a "$DISK/." "$KEEP/"
exit $code
`;

const READ_ONLY = `
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 97
shift 2
exec "$@" < /dev/null
`;

export interface OnDisk {
	/** Frees the disk. */
	makeRoom(): void;
	/** Resolves as soon as the command has said this. */
	says(text: string): Promise<void>;
	readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/**
 * Runs dno while a folder is on a disk of its own: one that is full until room is made, or one that cannot be written.
 *
 * @param keep where the folder's content comes from, and where it is at the end
 */
export function onDisk(kind: "full" | "read-only", folder: string, keep: string, args: readonly string[]): OnDisk {
	const script = kind === "full" ? FULL : READ_ONLY;
	const env: NodeJS.ProcessEnv = { ...process.env, DISK: folder, KEEP: keep };
	delete env.TEMPORAL_ADDRESS;
	const command = ["-rm", "sh", "-c", script, "sh", folder, keep, process.execPath, MAIN, ...args];
	const child = spawn("unshare", command, { stdio: ["pipe", "pipe", "pipe"], env });
	let output = "";
	const waiting = new Set<() => void>();
	for (const stream of [child.stdout, child.stderr]) {
		stream.on("data", (data) => {
			output += data;
			for (const check of waiting) check();
		});
	}
	const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
		child.once("close", (code) => resolve({ code, output }));
	});
	return {
		makeRoom: () => child.stdin.end("\n"),
		says: (text) =>
			new Promise((resolve, reject) => {
				const check = () => output.includes(text) && resolve();
				waiting.add(check);
				check();
				ended.then(() => reject(new Error(`dno ended without saying ${text}: ${output}`)));
			}),
		ended,
	};
}
