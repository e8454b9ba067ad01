import { expect, onTestFinished, test } from "vitest";
import { type FakeMetadata, startFakeMetadata } from "../../test/pool/fake-metadata.ts";
import { isOnEc2, spotNotice } from "./spot-notice.ts";

async function fake(): Promise<FakeMetadata> {
	const metadata = await startFakeMetadata();
	onTestFinished(() => metadata.close());
	return metadata;
}

function watch(url: string, troubles: string[] = []) {
	const controller = new AbortController();
	onTestFinished(() => controller.abort());
	const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
	const notice = spotNotice({
		env,
		signal: controller.signal,
		onTrouble: (reason) => troubles.push(reason),
		periodMs: 50,
	});
	return { notice, stop: () => controller.abort() };
}

test("a notice is found with a token, and a token that is no longer taken is replaced", async () => {
	const metadata = await fake();
	const time = new Date(Date.now() + 120_000);
	const { notice } = watch(metadata.url);
	await expect.poll(() => metadata.requests.length).toBeGreaterThan(1);
	metadata.forgetTokens();
	metadata.announce("terminate", time);
	expect(await notice).toEqual({ action: "terminate", time: time.toISOString() });
	const statuses = metadata.requests.map(({ status }) => status);
	expect(statuses.slice(0, 2)).toEqual([200, 404]);
	expect(statuses.slice(-3)).toEqual([401, 200, 200]);
});

test("without a notice it asks on until it is stopped; a service that does not answer is told of once", async () => {
	const metadata = await fake();
	metadata.close();
	const troubles: string[] = [];
	const { notice, stop } = watch(metadata.url, troubles);
	await expect.poll(() => troubles.length).toBe(1);
	await new Promise((resolve) => setTimeout(resolve, 300));
	stop();
	expect(await notice).toBeUndefined();
	expect(troubles).toEqual([expect.stringContaining("ECONNREFUSED")]);
});

test("the service is asked where the environment names it, and not where it is turned off", async () => {
	expect(await isOnEc2({ AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1" })).toBe(true);
	const off = { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://127.0.0.1:1", AWS_EC2_METADATA_DISABLED: "true" };
	expect(await isOnEc2(off)).toBe(false);
});
