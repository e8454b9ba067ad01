import type { WeightType } from "../core/config.ts";
import type { PolicyRef } from "../core/steps.ts";
import type { Engine, Sampler } from "./engine.ts";

/** The policy that a host has loaded: at most one, since it fills the device's memory. */
export interface LoadedSampler {
	/**
	 * Samples from a policy, which stays loaded afterwards unless that fails or is cancelled; one step at a time.
	 *
	 * @param policy with what gives its folder, asked for only where it is not loaded
	 */
	use<T>(
		engine: Engine,
		policy: PolicyRef & { readonly weights: WeightType; readonly open: () => Promise<string> },
		work: (sampler: Sampler) => Promise<T>,
	): Promise<T>;
	/** Frees the memory, and gives it to the training of a policy until that ends. */
	train<T>(policy: string, work: () => Promise<T>): Promise<T>;
	/** Frees the memory, once a step in hand has ended. */
	release(): Promise<void>;
	/** What has the memory, for people; undefined where nothing has. */
	current(): string | undefined;
}

/** To be shared by all activities of one device, those of other campaigns too. */
export function createLoadedSampler(): LoadedSampler {
	let loaded: { readonly key: string; readonly name: string; readonly sampler: Sampler } | undefined;
	let trained: string | undefined;
	let turn: Promise<unknown> = Promise.resolve();

	const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
		const mine = turn.then(work);
		turn = mine.catch(() => {});
		return mine;
	};
	const dispose = async () => {
		const { sampler } = loaded ?? {};
		loaded = undefined;
		await sampler?.dispose();
	};

	return {
		use: (engine, { name, manifest, weights, open }, work) =>
			inTurn(async () => {
				const key = `${engine.fingerprint} ${manifest.sha256} ${weights}`;
				if (loaded?.key !== key) {
					await dispose();
					const sampler = await engine.openSampler(await open(), weights);
					loaded = { key, name: weights === "float32" ? name : `${name} in ${weights}`, sampler };
				}
				try {
					return await work(loaded.sampler);
				} catch (error) {
					// A paused campaign holds no memory, and a session that has failed is not trusted again.
					await dispose();
					throw error;
				}
			}),
		async train(policy, work) {
			await inTurn(dispose);
			trained = policy;
			try {
				return await work();
			} finally {
				trained = undefined;
			}
		},
		release: () => inTurn(dispose),
		current: () => (trained === undefined ? loaded?.name : `${trained}, in training`),
	};
}
