#include "datasets/storyworld/words.h"

// The plots, as templates (template.h). They are written as if the hero were a boy and the friend a girl: [he], [him],
// [his] are the hero's pronouns and [she], [her] the friend's, whoever they are. The two never share a pronoun, so
// "he" and "she" always say who is meant.
//
// Rules for writing them, which the tests hold them to:
//  - the adjective of a fact is said of its own noun and of nothing else ("The lake was big", so no big smile);
//  - behind "The NOUN was" of a fact's noun stands its adjective, never anything else;
//  - a plot that tells a fact itself keeps the asides from telling it again: {-wind}.
const Rule storyworld_rules[] = {
    { "story", "({hero=girl}{friend=boy}|{hero=boy}{friend=girl})"
               "([lost]|[wind]|[lake]|[share]|[broken]|[race]|[hurt]|[storm]|[cake]|[noise]|[apple]|[trick]|[stone]|"
               "[present]|[garden]|[forest]|[learn]|[quarrel])" },

    { "he", "{hero.he}" },
    { "He", "{Hero.he}" },
    { "him", "{hero.him}" },
    { "his", "{hero.his}" },
    { "His", "{Hero.his}" },
    { "she", "{friend.he}" },
    { "She", "{Friend.he}" },
    { "her", "{friend.him}" },

    // Who it is about; one story in four begins with a fact.
    { "intro", "([hero]|[hero]|[hero]|{fact=fact}The {fact} was {fact.is}. [fact, hero])" },
    { "hero",
      "((Once upon a time,|Once,|In a little village,) there (was|lived) a (little|young) {hero.is} named {hero}.|"
      "(Once upon a time,|Once,) there was a little {hero.is}. [His] name was {hero}.|"
      "{hero} was a (little|young) {hero.is} who lived (by|near) the {place}.)" },
    { "fact, hero",
      "(Everyone (in the village |)knew (it|that), and so did {hero}. {hero} was a (little|young) {hero.is}.|"
      "Everyone (in the village |)knew (it|that). (In that village lived|There was) a (little|young) {hero.is} "
      "named {hero}.|"
      "[hero])" },
    { "friend", "[his] (good |best |)friend {friend}" },

    // A fact of the world, told in one way or another.
    { "tell", "(The {fact} was {fact.is}.|The {fact} was {fact.is}, (so|and) {fact.so}.|"
              "The {fact} was {fact.is}. {Fact.he} {fact.does}.|"
              "The {fact} {fact.does}. The {fact} was {fact.is}(.|, so {fact.so}.)|"
              "Because the {fact} was {fact.is}, {fact.so}.|"
              "The {fact}, {fact.who} was {fact.is}, {fact.does}.|"
              "The {fact.is} {fact} {fact.does}.|"
              "(The {fact} {fact.does}. |)Everyone knew that {fact.all} {fact.is}.|"
              "The {fact} {fact.does}. <(Look, the {fact} is {fact.is}|How {fact.is} the {fact} is)!> said {hero}.)" },
    { "outside", "(|{fact=outdoors}[tell])" },
    { "sight", "{fact=sight}(|On the way, there was much to see. |[He] looked around. )[tell]" },
    { "at home", "{fact=home}[tell]" },
    { "evening",
      "(|(That evening|In the evening|When the day was over), {hero} went (back |)home. {fact=evening}[tell])" },

    { "one day", "(One day|One morning|One fine day)" },
    { "felt", "(was|felt)" },
    { "happy", "(happy|glad|very happy|so happy)" },
    { "sad", "(sad|very sad|so sad)" },
    { "thanks", "(<Thank you!> said {hero}.|<Thank you, {friend}!> said {hero}.|<Oh, thank you!> [he] said.)" },

    { "lost",
      "[intro] [He] had {colour.a} {toy} and (played with it|took it out) every day.\n"
      "[one day], the {toy} was gone! <Where is my {toy}?> (asked|cried) {hero}. [He] looked (under the (bed|table) "
      "and "
      "behind the door, but it was not there.|everywhere: under the bed, under the table and behind the door.) {hero} "
      "[felt] (sad|worried). So [he] went out to look for it. [sight]\n"
      "At the {place}, {hero} met [friend]. <(Have you seen|Did you see) my {toy}?> [he] asked. <(Yes|Oh, yes), "
      "{animal.a} (took|has) it,> said {friend}. <(Come with me!|Let's go and ask!)> They found the {animal} "
      "(behind|near) "
      "the (house|wall). <I am sorry,> said the {animal}. <I only wanted to play.> {hero} took the {toy} back. "
      "[He] was not angry. <(We can all play|Come and play with us),> [he] said. "
      "(So they played until the sun went down|And so they did), and {hero} was [happy] again.\n[evening]" },

    { "wind",
      "{-wind}{-tree}{-hill}[intro] [one day], [he] went up the hill with [his] new {light}. (The hill was high.|The "
      "hill "
      "was high, and [he] could see the {place} from there.) [sight] [outside]\n"
      "Then the wind blew. The wind was strong, and it took the {light} away! It flew up and up; then it came down in "
      "a "
      "tree. <Oh no, my {light}!> cried {hero}. [He] jumped and jumped. The tree was tall, (so|and) [he] could not "
      "reach it. "
      "{hero} [felt] [sad] (and sat down|and began to cry).\n"
      "(Soon|Just then), [friend] came by. <(Do not cry|Do not worry),> said {friend}. <I can (climb|get a ladder).> "
      "[She] "
      "(went up step by step|climbed up) and (threw|brought) the {light} down. [thanks] [He] was [happy]. Then they "
      "took "
      "turns with the {light}, and {hero} held it with both hands. (The wind was strong, but it did not take the "
      "{light} again.|They were careful, because the wind was strong.) [evening]" },

    { "lake",
      "{-lake}{-sun}[intro] [He] (liked|loved) to play by the lake with [his] {colour} {floating}. (The lake was big, "
      "so "
      "nobody could see the other side.|The lake was big.)\n"
      "[one day], {hero} was there again. The sun was bright(.| and the birds sang.|, and there was not a cloud to "
      "see.) "
      "[outside] But {hero} threw the {floating} too far. Splash! It fell into the water. {hero} [felt] (worried|sad). "
      "[He] tried to reach it with a stick, but the stick was too short. [He] called for help, but nobody came. "
      "<What can I do?> [he] (asked|cried).\n"
      "A duck heard {hero}. <I can swim,> said the duck. <I will help you.> It swam out over the big lake and "
      "(pushed|brought) the {floating} back. {hero} was [happy]. [He] gave the duck some bread, and they "
      "(became|were soon) good friends. After that, {hero} came (every day|every morning) with bread for the duck. "
      "[evening]" },

    { "share",
      "{-grass}[intro] [one day], [his] (mum|dad|grandpa) gave [him] (two|three|four|five) {snack.s}. {hero} took them "
      "to "
      "the {place}. [sight] [outside]\n"
      "There [he] met [friend]. <May I have {snack.a}? I am so hungry,> said {friend}. <No,> said {hero}. <They are "
      "all "
      "mine!> {friend} went away and looked [sad]. {hero} sat down to eat alone, but the {snack.s} did not taste good. "
      "[He] "
      "[felt] (lonely|sorry).\n"
      "So {hero} ran after {friend}. <I am sorry,> [he] said. <(Please, take one|Here, this is for you). It is better "
      "to "
      "eat together.> {friend} (smiled|laughed) and took {snack.a}. They sat down under a tree and ate. (The grass was "
      "green, and the birds sang.|The grass was green.) Now the {snack.s} tasted (very good|much better), and both "
      "friends "
      "were [happy]. {hero} (learned|saw) that it was good to share. [evening]" },

    { "broken",
      "{-mum}[intro] [He] loved to run in the house. <Do not run in the house,> said [his] mum (every day|many times). "
      "[at home]\n"
      "[one day], {hero} ran after [his] {toy} and fell over (a chair|the table). Crash! [His] mum's {colour} "
      "{fragile} fell down and broke. {hero} [felt] scared. [He] put the pieces (under the bed|in a box|behind the "
      "door) "
      "and said nothing. But [he] could not eat, and [he] could not sleep.\n"
      "At last, {hero} went to [his] mum. <I broke the {fragile},> [he] said. <I am sorry.> [His] mum was not angry. "
      "(The mum was proud of [him]. <Thank you for telling me,> she said.|The mum was proud, because {hero} did not "
      "lie. <It is good that you told me,> she said.) "
      "Together they put the pieces back with glue. {hero} [felt] [happy], and [he] never ran in the house again." },

    { "race", "{-horse}{-turtle}{-lion}[intro] [one day], [he] and [friend] went to see a race. [outside] The horse "
              "wanted to race "
              "the turtle. The horse was fast. The turtle was slow. <The horse will win,> said {hero}. <(Wait and "
              "see|We will see),> "
              "said {friend}.\n"
              "<One, two, three, go!> called the lion. (The lion was loud.|The lion was loud, so everyone heard it.) "
              "The horse ran "
              "and ran. Soon it was so far ahead that it lay down (under a tree|in the grass) to sleep. (The turtle "
              "was slow, but "
              "it did not stop.|The slow turtle did not stop.) It walked step by step. When the horse woke up, it was "
              "too late. "
              "The turtle came to the {place} first!\n"
              "Everyone was surprised. <How did you do that?> asked {hero}. <I know that I am a turtle,> it said. <So "
              "I just did not "
              "stop.> {hero} and {friend} gave it ({snack.a}|some bread), and they were all [happy]. {hero} "
              "(learned|saw) that it is good to try and not to stop. [evening]" },

    { "hurt", "{-doctor}{-ground}[intro] [one day], [he] and [friend] played at the {place}. [outside]\n"
              "{hero} climbed on a wall. <Look at me!> [he] (said|cried). But then [he] fell down. The ground was "
              "hard, and {hero} "
              "hurt [his] {limb}. <Ouch!> [he] cried. {friend} was (worried|scared), but [she] ran to get help.\n"
              "Soon the doctor came. (The doctor was nice.|The doctor was nice, and {hero} was not scared of her.) She "
              "looked at the "
              "{limb}, washed it and gave {hero} {colour.a} bandage. <You must rest for (two|three|four|five) days,> "
              "(said the doctor|she said). So {hero} lay in bed. [at home] {friend} came every day with (a "
              "book|{snack.a}|a story), "
              "and {hero} was not lonely. Soon the {limb} was well again. <Now I will be careful,> said {hero}, "
              "because everyone "
              "knew that the ground was hard." },

    { "storm",
      "{-house}{-door}{-sun}{-sky}[intro] One (day|evening|morning) there was a storm. The rain fell and fell. {hero} "
      "looked "
      "out of the window and saw a little {baby} under a tree. It was (scared and lonely|hungry and scared).\n"
      "<Poor {baby}!> said {hero}. [He] ran out into the rain and carried it home. (The house was warm.|The house was "
      "warm, "
      "so the {baby} soon felt better.) {hero} gave it (some milk|some bread) and a blanket. [at home] "
      "That night, the {baby} slept in [his] bed.\n"
      "In the morning, the storm was over. The sky was blue(.| again.|, and the birds sang.) (The door was open, "
      "and|The door was open. Then) the mother of the {baby} came in. She had looked for it all night! <Thank you, "
      "{hero},> "
      "she said. <You were so good to my {baby}.> {hero} was sad to see the {baby} go, but [he] was glad too. "
      "And every (week|day), the {baby} came back to play." },

    { "cake",
      "{-cake}{-farmer}{-grandma}{-road}[intro] [one day], [he] wanted to make a cake for [his] grandma. But there was "
      "no "
      "{ingredient} in the house. So {hero} took a basket and went to the farm. (The road was long, but [he] did not "
      "stop.|The road was long, and [he] sang a song.) [sight]\n"
      "At the farm, {hero} met the farmer. The farmer was busy. <May I have some {ingredient}?> asked {hero}. <Yes, if "
      "you "
      "help me with the {animal.s},> said the farmer. So {hero} (gave the {animal.s} food and water|worked with the "
      "{animal.s}) until the sun went down. [He] was tired, but the farmer gave [him] the {ingredient}.\n"
      "Then {hero} and [his] (mum|dad) made the cake. (The cake was sweet.|The cake was sweet, and it smelled good.) "
      "{hero} "
      "brought it to [his] grandma. <Is this for me?> she asked. (The grandma was kind. She gave the first piece to "
      "{hero}.|The grandma was kind, so she gave everyone a piece.) <It is the best cake in the world!> they said. "
      "{hero} [felt] [happy], because [he] had worked for it." },

    { "noise",
      "{-night}{-bed}{-mouse}{-moon}[intro] [one day], {hero} played so much that [he] was very tired. [outside] "
      "In the evening, [he] went home. [at home] Then [he] went to bed.\n"
      "The night was dark. (The moon was round, and it looked in at the window.|The moon was round.) Tap, tap, tap! "
      "<What is "
      "that?> whispered {hero}. [He] [felt] scared and hid under the blanket. Tap, tap, tap! (There it was again.|It "
      "did not "
      "stop.) <My friend {friend} is never scared, so I will not be scared,> [he] said. "
      "[He] took a lamp and looked (under|behind) the (bed|table).\n"
      "There sat a mouse! The mouse was tiny. (It had a nut.|It looked at {hero}.) <I am sorry,> it said. <I only "
      "wanted to "
      "eat my nut.> {hero} laughed. <And I thought you were a lion!> [He] gave the tiny mouse some bread and went back "
      "to "
      "bed. (The bed was soft, and|Because the bed was soft,) {hero} soon fell asleep. [He] was never scared of the "
      "dark "
      "night again." },

    { "apple",
      "{-apple}{-tree}[intro] [one day], [he] went to the {place}. [sight] [outside] There [he] saw an apple at the "
      "top of a "
      "tree. The apple was red. <I want that apple,> said {hero}. [He] jumped, but [he] could not reach it. The tree "
      "was "
      "tall. [He] threw a stick, but it came down on [his] head. <Ouch!> {hero} was (angry|sad).\n"
      "Then [friend] came by. <Can I help you?> asked {friend}. <I cannot reach the apple,> said {hero}. {friend} "
      "thought for a while. <(Stand on my back|Climb on my back)!> [she] said. {hero} did, and then [he] could reach "
      "it. "
      "[He] pulled and pulled. Down came the apple, and down came {hero}! They (both |)laughed.\n"
      "[thanks] <We got it together, so we eat it together.> They sat in the grass and ate the red apple. (It tasted "
      "very good.|It was the best apple in the world.) Both friends were [happy]. [evening]" },

    { "trick",
      "{-fox}{-owl}{-tree}[intro] [one day], {hero} sat under a tree and wanted to eat {snack.a}. [sight] [outside]\n"
      "Then a fox saw [him]. The fox was clever. <Hello, {hero},> it said. <Everyone says that you sing so well. "
      "Please sing "
      "for me!> {hero} was glad. [He] put the {snack} down, closed [his] eyes and began to sing. When [he] looked "
      "again, the "
      "fox and the {snack} were gone! {hero} [felt] (sad|angry) and hungry.\n"
      "So {hero} went to the owl. The owl was wise. <What can I do?> [he] asked. <Eat first and sing later,> said the "
      "owl. "
      "The next day, {hero} had a new {snack}, and the clever fox came again. <Please sing for me!> it said. <First I "
      "eat,> "
      "said {hero}, and [he] ate it all. <Now I can sing.> But the fox did not want a song. It went away hungry. "
      "{hero} laughed and thanked the wise owl. [evening]" },

    { "stone",
      "{-stone}{-king}{-road}[intro] [one day], {hero} was on the way to the {place}. [sight] [outside]\n"
      "A stone lay in the road. The stone was heavy. A cart had to stop, and nobody helped. {hero} pushed and pushed, "
      "but "
      "[he] could not move it. Then [friend] came by. <Let's push together!> [she] said. {Animal.a} came "
      "to help, too. <One, two, three!> they cried. (Because the stone was heavy, they had to push again and again.|"
      "They pushed again and again.) At last, the heavy stone moved!\n"
      "Under the stone there was a box. It was full of coins! <The coins are for you,> said the king. He had seen it "
      "all "
      "from behind a wall. The king was rich, but he liked people who helped. They were so surprised! {hero} and "
      "{friend} "
      "bought {snack.s} for everyone, and they were all [happy]. [evening]" },

    { "present",
      "{-cake}[intro] It was the birthday of [friend]. {hero} wanted to give [her] {toy.a}. [He] went to the shop with "
      "[his] "
      "(two|three|four) coins. [sight]\n"
      "But the {toy} cost ten coins. {hero} [felt] [sad]. <I have no present for {friend},> [he] told [his] "
      "(dad|mum|grandpa). <You can make one,> [he] heard. So {hero} took some (paper|wood) and glue and worked all "
      "day. "
      "At last, there was a little {toy}. It was {colour} and not very pretty. <What if [she] does not like it?> "
      "thought {hero}.\n"
      "{friend} took the present and looked (at it |)for a while. <Did you make this for me?> [she] asked. <Yes,> "
      "whispered "
      "{hero}. <I love it! It is the best {toy} in the world!> said {friend} and gave [him] a hug. {hero} was [happy]. "
      "Then there was cake for everyone. [at home]" },

    { "garden",
      "{-soup}{-sun}{-moon}[intro] [one day], [his] (grandpa|mum|dad) gave [him] a seed. {hero} put it in the garden "
      "and gave "
      "it water. [outside]\n"
      "The next day, {hero} looked, but there was nothing. [He] waited (two|three|four|five) days, but there was still "
      "nothing. <Why does it not grow?> [he] asked. [He] was (angry|sad) and wanted to (stop|dig it out). <You must "
      "wait,> said [friend]. <(Rain and sun will help it|It needs rain and sun).> So {hero} gave it water every day. "
      "The rain fell. The sun was bright.\n"
      "[one day], there was a little leaf! It grew and grew, and at last it was a (fine|pretty) {plant}. <You see,> "
      "said {friend}, <it only took some time.> That evening, they all ate soup in the garden. (The moon was "
      "round.|The moon "
      "was round, and it looked like a ball.) The soup was hot, (and it tasted good|so they had to wait again). {hero} "
      "laughed. Now [he] knew how to wait." },

    { "forest",
      "{-owl}{-river}{-door}{-grass}[intro] [one day], [he] saw {colour.a} butterfly in the grass. The grass was "
      "green, and "
      "the butterfly looked so pretty! {hero} ran after it, into the forest. [outside] Then the butterfly was gone. "
      "{hero} "
      "looked around. All the trees looked the same! <Where is my home?> [he] cried. [He] was lost, and [he] [felt] "
      "(scared|lonely).\n"
      "An owl sat in a tree. The owl was wise, so {hero} asked it for help. <Please, which way is home?> <(Walk along "
      "the "
      "river|Go where the river goes),> said the owl. The river was deep, (so {hero} was careful|and {hero} did not go "
      "near the water). [He] walked and walked. [sight]\n"
      "At last, {hero} saw a light. It was [his] house! The door was open, and [his] mum ran out. <I was so worried!> "
      "she "
      "said, and gave [him] a hug. <I will never go into the forest alone again,> said {hero}. {-mum}[at home] {hero} "
      "was "
      "[happy] to be home." },

    { "learn",
      "{-mum}{-sky}[intro] [He] wanted to learn to {skill}. [one day], {hero} went to the {place}. [sight] The sky was "
      "blue, "
      "(so it was a good day to try|and {hero} felt excited). But [he] could not do it. [He] tried again, but still "
      "[he] "
      "could not. {Animal.a} saw it and laughed. {hero} [felt] (sad|angry). <I will never learn to {skill}!> [he] "
      "said.\n"
      "<I could not {skill} at first, too,> said [friend]. <But I tried every day. Come, I will help you.> So they "
      "went to "
      "the {place} every day. {hero} tried and tried. One day it was a little better, and the next day it was much "
      "better.\n"
      "At last, {hero} could {skill}! <Look at me!> [he] cried. <You did it!> said {friend}. (The mum was proud.|[His] "
      "mum "
      "came to see it. The mum was proud, so she gave [him] a hug.) Even the {animal} was surprised. <Can you help me "
      "to "
      "learn it, too?> it asked. {hero} [felt] [happy]. <Yes,> [he] said, <but you have to try every day.>" },

    { "quarrel",
      "{-food}[intro] [one day], [he] and [friend] went to the {place}. [sight] [outside] There they found {toy.a}. "
      "<It is "
      "mine!> said {hero}. <No, it is mine!> said {friend}. They pulled and pulled. Crack! The {toy} broke.\n"
      "Now nobody had {toy.a}. {hero} was angry, and {friend} was angry too. They (sat|stood) there and did not "
      "(talk|say a "
      "word). After a while, {hero} [felt] (sorry|lonely). <I am sorry,> [he] said. <I am sorry too,> said {friend}. "
      "<It is no fun to play alone.>\n"
      "They took the {toy} to [his] (grandpa|dad). He had (some glue|glue and paper), and together they made the {toy} "
      "as good "
      "as new. <You can have it first,> said {hero}. <No, you first,> said {friend}. They laughed and took turns until "
      "the "
      "evening. (The food was ready, so|The food was ready. Then) they ate together, and they were both [happy]. "
      "(A friend is better than a {toy}.|They never pulled at a {toy} again.)" },

    { NULL, NULL },
};
