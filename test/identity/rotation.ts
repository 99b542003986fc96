// Rotates a widget's identity secret as its owner does.

export const rotateSecret = async (
  url: string,
  token: string,
  widgetId: string,
  graceSeconds: number,
): Promise<{ secret: string; oldUntil?: number }> => {
  const response = await fetch(`${url}/api/console/widgets/${widgetId}/identity/rotate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ graceSeconds }),
  });
  if (response.status !== 200) throw new Error(`rotation: ${response.status} ${await response.text()}`);
  return (await response.json()) as { secret: string; oldUntil?: number };
};

/** Version 0 counts no more then, 1 is in its overlap, 2 signs. */
export const rotateTwice = async (url: string, token: string, widgetId: string): Promise<void> => {
  await rotateSecret(url, token, widgetId, 0);
  await rotateSecret(url, token, widgetId, 3600);
};
