// Brings the rating card when a rating was asked for, and not before.
import { useEffect, useState } from 'preact/hooks';
import type { ComponentType } from 'preact';
import type { PanelModel } from '../model.ts';

export const LazyCsat = ({ model }: { model: PanelModel }) => {
  const csat = model.state.value?.csat;
  const isWanted = csat?.requested === true && csat.rating === null;
  const [loaded, setLoaded] = useState<{ Csat: ComponentType<{ model: PanelModel }> } | null>(null);
  useEffect(() => {
    if (!isWanted || loaded !== null) return;
    // Without its chunk there is no card, and no harm.
    import('../lazy/csat.tsx').then(setLoaded, () => undefined);
  }, [isWanted]);
  return isWanted && loaded !== null ? <loaded.Csat model={model} /> : null;
};
