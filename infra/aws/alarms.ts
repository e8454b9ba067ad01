import { Stack } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Settings } from "./settings.ts";

/** The topic that alarms are published to. */
export function alarmTopic(scope: Construct, { alarmEmail }: Settings): Topic {
	const topic = new Topic(scope, "Alarms", { enforceSSL: true });
	// A topic's own policy stands in the place of the default one, by which the account's alarms may publish.
	topic.addToResourcePolicy(
		new PolicyStatement({
			sid: "AlarmsPublish",
			principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
			actions: ["sns:Publish"],
			resources: [topic.topicArn],
			conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
		}),
	);
	if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
	return topic;
}

interface AlarmProps {
	readonly metric: IMetric;
	/** Goes off at this or more. */
	readonly threshold: number;
	/** How many of the last periods have to be so. */
	readonly periods?: { readonly of: number; readonly breaching: number };
	readonly description: string;
}

export function addAlarm(scope: Construct, id: string, topic: Topic, props: AlarmProps) {
	const { metric, threshold, description, periods = { of: 1, breaching: 1 } } = props;
	new Alarm(scope, id, {
		metric,
		threshold,
		alarmDescription: description,
		evaluationPeriods: periods.of,
		datapointsToAlarm: periods.breaching,
		comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		treatMissingData: TreatMissingData.NOT_BREACHING,
	}).addAlarmAction(new SnsAction(topic));
}
