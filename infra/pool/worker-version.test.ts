import { expect, test } from "vitest";
import { makeCurrent } from "./worker-version.ts";

const version = { deploymentName: "dno-1", buildId: "two" };

/** Answers like a server that learns of a version's queues one after the other, by gRPC's codes. */
function serverThatSays(...codes: readonly (number | undefined)[]) {
	const asked: unknown[] = [];
	const service = {
		async setWorkerDeploymentCurrentVersion(request: unknown) {
			const code = codes[asked.push(request) - 1];
			if (code !== undefined) throw Object.assign(new Error("declined"), { code });
		},
	};
	return { asked, service: service as unknown as Parameters<typeof makeCurrent>[0] };
}

test("a version becomes current when the server knows it and all of its queues", async () => {
	const { asked, service } = serverThatSays(5, 9, 9, undefined);
	await makeCurrent(service, "default", version);
	expect(asked).toHaveLength(4);
	expect(asked[0]).toMatchObject({ namespace: "default", ...version });
});

test("what a moment does not mend is an error at once", async () => {
	const { asked, service } = serverThatSays(7);
	await expect(makeCurrent(service, "default", version)).rejects.toThrow("declined");
	expect(asked).toHaveLength(1);
});
