import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/**
 * A folder that is removed when the test that asked for it, or whose `beforeEach` did, has ended.
 *
 * @param onFinished of the test's context, where tests run concurrently: vitest then cannot tell which one asks
 */
export function temporaryFolder(onFinished: typeof onTestFinished = onTestFinished): string {
	const path = mkdtempSync(join(tmpdir(), "dno-test-"));
	onFinished(() => rmSync(path, { recursive: true, force: true }));
	return path;
}
