// Two soft notes, made on the spot: no file to fetch, nothing a host's policy could refuse.

let context: AudioContext | undefined;

/** Silent where the browser has not let the page make sound yet. */
export const chime = (): void => {
  try {
    context ??= new AudioContext();
    const { currentTime } = context;
    for (const [index, frequency] of [660, 880].entries()) {
      const tone = context.createOscillator();
      const gain = context.createGain();
      const start = currentTime + index * 0.12;
      tone.frequency.value = frequency;
      gain.gain.setValueAtTime(0.08, start);
      gain.gain.exponentialRampToValueAtTime(0.001, start + 0.25);
      tone.connect(gain).connect(context.destination);
      tone.start(start);
      tone.stop(start + 0.25);
    }
  } catch {
    // A browser without sound.
  }
};
