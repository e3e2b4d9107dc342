import { type QoS, ReasonCode, type Will } from '@carillon/protocol';
import { findTopicNameFault, type TopicLimits } from '@carillon/topics';
import { isOwnTopic } from '../system/own-topics.ts';
import { ConnectRefused } from './connect-refused.ts';

/**
 * @param mountPoint In front of its topics; empty while it is not known.
 * @throws ConnectRefused when the Will could not be published as it is.
 */
export function checkWill(
  will: Will | undefined,
  { maximumQoS, retainAvailable }: { readonly maximumQoS: QoS; readonly retainAvailable: boolean },
  topicLimits: TopicLimits,
  mountPoint: string,
): void {
  if (will === undefined) return;
  if (will.qos > maximumQoS) {
    const reason = `Will QoS ${will.qos} is above the Maximum QoS of ${maximumQoS}`;
    throw new ConnectRefused(ReasonCode.QoSNotSupported, reason, 'MQTT-3.2.2-12');
  }
  if (will.retain && !retainAvailable) {
    throw new ConnectRefused(ReasonCode.RetainNotSupported, 'Will Retain is not available', 'MQTT-3.2.2-13');
  }
  const { responseTopic } = will.properties;
  for (const topic of responseTopic === undefined ? [will.topic] : [will.topic, responseTopic]) {
    const fault = findTopicNameFault(topic === '' ? topic : mountPoint + topic, topicLimits);
    if (fault !== undefined) {
      throw new ConnectRefused(ReasonCode.TopicNameInvalid, `Will: ${fault.message}`, fault.rule);
    }
  }
  if (isOwnTopic(will.topic)) {
    throw new ConnectRefused(ReasonCode.NotAuthorized, 'a Will cannot go to $SYS or $carillon', 'state');
  }
}
