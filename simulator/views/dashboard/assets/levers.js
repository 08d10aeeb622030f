// A slider and the box beside it show one number. What is typed beyond the range moves nothing, and the page says so.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  levers: {
    agree: (slid, typed, lever) => {
      const stay = window.dash_clientside.no_update;
      const asked = window.dash_clientside.callback_context.triggered_id;
      if (asked !== lever.box) return [stay, slid, ""];
      const given = typed === null || typed === undefined || typed === "" ? NaN : Number(typed);
      if (given >= lever.low && given <= lever.high) return [given, stay, ""];
      const words = Number.isNaN(given) ? lever.number : lever.refused;
      const places = { given, low: lever.low, high: lever.high, now: slid };
      return [stay, stay, words.replace(/\[(\w+)\]/g, (_, name) => places[name])];
    },
  },
});
