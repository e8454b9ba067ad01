import type { CampaignView } from "../../infra/campaign/inspect.ts";
import { count, dollars, duration, size } from "../render/format.ts";

/** A campaign's standing in lines for people. */
export function statusLines(view: CampaignView): string[] {
	const { id, state, iteration, iterations, finishedIterations, stage, paused, awaiting, winRates, cost, steering } =
		view;
	const at =
		iteration === undefined
			? `${finishedIterations} of ${iterations} iterations done`
			: `iteration ${iteration} of ${iterations}`;
	const rates = winRates.map(({ winRate }) => winRate.toFixed(3).replace(/^0/, ""));
	return [
		`${id}  ${state}, ${at}${stage === undefined ? "" : `, ${stage}`}`,
		...(paused === undefined ? [] : [`  paused      ${paused.reason}`]),
		...(awaiting === undefined
			? []
			: [`  waits       for approval of iteration ${awaiting}'s policy: dno approve ${id}`]),
		...progressLines(view),
		...(rates.length === 0 ? [] : [`  win rate    ${rates.join(" → ")}`]),
		...(cost === undefined
			? []
			: [`  cost        ${dollars(cost.spent)}${cost.ceiling === undefined ? "" : ` of ${dollars(cost.ceiling)}`}`]),
		...workerLine(view),
		...hostLines(view),
		...steering.map(({ from, set }) => `  steered     from iteration ${from} on: ${JSON.stringify(set)}`),
		...view.lastErrors.map((error) => `  last error  ${error}`),
	];
}

function progressLines({ steps, judging }: CampaignView): string[] {
	const counted = steps.flatMap(({ activity, done, total, rate }) => {
		if (done === undefined || total === undefined) return [];
		const pace =
			rate === undefined || rate === 0 ? "" : `, ${rate.toFixed(1)}/s, about ${duration((total - done) / rate)} left`;
		return [`  ${activity.padEnd(11)} ${count(done)} of ${count(total)}${pace}`];
	});
	const judged = judging && [`  judging     ${count(judging.done)} of ${count(judging.total)} prompts`];
	return [...counted, ...(judged ?? [])];
}

function workerLine({ steps }: CampaignView): string[] {
	const workers = [...new Set(steps.flatMap(({ worker }) => worker ?? []))];
	const waiting = steps.filter(({ isRunning }) => !isRunning).length;
	if (steps.length === 0) return [];
	const waits = waiting === 0 ? "" : `${workers.length > 0 ? "; " : ""}${count(waiting)} waiting for one`;
	return [`  workers     ${workers.join(", ")}${waits}`];
}

/** Hosts that compute, and workers that are not well. */
function hostLines({ workers = [] }: CampaignView): string[] {
	return workers.flatMap(({ name, host, device, memory, model, isSilent }) => {
		if (isSilent) return [`  silent      ${name} on ${host}: it has died or hangs`];
		if (device === undefined) return [];
		const used = memory === undefined ? "" : `, ${size(memory.used)} of ${size(memory.total)}`;
		return [`  ${name.padEnd(11)} ${device}${used}, ${model === undefined ? "no model loaded" : `model ${model}`}`];
	});
}
