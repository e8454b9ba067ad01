import { Duration } from "aws-cdk-lib";
import { AdjustmentType, type AutoScalingGroup, StepScalingAction } from "aws-cdk-lib/aws-autoscaling";
import { Alarm, ComparisonOperator, MathExpression, Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { AutoScalingAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { Topic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { addAlarm } from "./alarms.ts";
import { backlogMetric } from "./backlog-stack.ts";
import type { Settings } from "./settings.ts";

/** Minutes for which hosts have to be missing or too many before a group does something about it. */
const MINUTES = {
	spot: { out: 1, in: 15 },
	// Dearer: the last to come and the first to go.
	onDemand: { out: 10, in: 10 },
} as const;
type Groups = Readonly<Record<keyof typeof MINUTES, AutoScalingGroup>>;

/**
 * As many hosts as steps want one, and none where none does. Hosts that start are counted, so that nobody is asked for
 * twice; a busy host that is taken away hands its step to an idle one.
 */
export function scaleByWant(scope: Construct, settings: Settings, groups: Groups): void {
	const missing = new MathExpression({
		label: "GPU hosts missing",
		expression: "wanted - FILL(spot, 0) - FILL(onDemand, 0)",
		usingMetrics: {
			wanted: backlogMetric(settings, "gpuWanted"),
			spot: hostsOf(groups.spot),
			onDemand: hostsOf(groups.onDemand),
		},
		period: Duration.minutes(1),
	});
	for (const kind of ["spot", "onDemand"] as const) {
		const autoScalingGroup = groups[kind];
		const add = (id: string, threshold: 1 | -1, minutes: number) => {
			const action = new StepScalingAction(scope, `${kind}${id}`, {
				autoScalingGroup,
				adjustmentType: AdjustmentType.CHANGE_IN_CAPACITY,
				estimatedInstanceWarmup: Duration.minutes(5),
			});
			// Bounds are counted from the threshold.
			if (threshold > 0) {
				action.addAdjustment({ adjustment: 1, lowerBound: 0, upperBound: 1 });
				action.addAdjustment({ adjustment: 2, lowerBound: 1, upperBound: 3 });
				action.addAdjustment({ adjustment: 4, lowerBound: 3 });
			} else {
				action.addAdjustment({ adjustment: -1, lowerBound: -1, upperBound: 0 });
				action.addAdjustment({ adjustment: -2, upperBound: -1 });
			}
			new Alarm(scope, `${kind}${id}Alarm`, {
				alarmDescription: `${kind}: GPU hosts are ${threshold > 0 ? "missing" : "too many"}`,
				metric: missing,
				threshold,
				evaluationPeriods: minutes,
				comparisonOperator:
					threshold > 0
						? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
						: ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
				// Where Temporal cannot be asked, hosts stay as they are.
				treatMissingData: TreatMissingData.IGNORE,
			}).addAlarmAction(new AutoScalingAction(action));
		};
		add("Out", 1, MINUTES[kind].out);
		add("In", -1, MINUTES[kind].in);
	}
}

/**
 * Tells of hosts whose worker does not come up: they are counted as there, so that no other is asked for, and cost. A host
 * that is well takes some five minutes.
 */
export function tellOfIdleHosts(scope: Construct, settings: Settings, groups: Groups, alarms: Topic): void {
	addAlarm(scope, "NotServing", alarms, {
		metric: new MathExpression({
			label: "GPU hosts that do not poll",
			expression: "FILL(spot, 0) + FILL(onDemand, 0) - polling",
			usingMetrics: {
				spot: hostsOf(groups.spot),
				onDemand: hostsOf(groups.onDemand),
				polling: backlogMetric(settings, "gpuHosts"),
			},
			period: Duration.minutes(1),
		}),
		threshold: 1,
		// Between a host that gives up and the next one there may be a minute without any.
		periods: { of: 20, breaching: 18 },
		description: "GPU hosts cost and do not serve: their worker does not come up. docs/aws.md says where to look",
	});
}

/** Hosts of a group, those that start or end included. */
export function hostsOf({ autoScalingGroupName }: AutoScalingGroup): Metric {
	return new Metric({
		namespace: "AWS/AutoScaling",
		metricName: "GroupTotalInstances",
		dimensionsMap: { AutoScalingGroupName: autoScalingGroupName },
		statistic: "Maximum",
		period: Duration.minutes(1),
	});
}
