import { Help, type HelpConfiguration } from 'commander';

/** Flags that are longer stand on a line of their own, and what they do begins on the next. */
const termWidthMax = 30;

/** Commander's help with a column for what the flags do that leaves it room on 80 columns, however long the longest flag is. */
export const helpLayout: HelpConfiguration = {
  padWidth: (command, helper) => Math.min(termWidthMax, Help.prototype.padWidth.call(helper, command, helper)),
  formatItem(term, termWidth, description, helper) {
    const item = (text: string) => Help.prototype.formatItem.call(helper, text, termWidth, description, helper);
    return helper.displayWidth(term) <= termWidth ? item(term) : `  ${term}\n${item('')}`;
  },
};
