#include "datasets/storyworld/words.h"

// The plots, as templates (template.h). They are written for a boy as the hero and a girl as the
// friend: [he], [him] and [his] are the hero's pronouns and [she] and [her] the friend's, whichever
// characters are drawn. The two never share a pronoun, so "he" and "she" are never ambiguous.
//
// Rules for plots, which the tests check:
//  - the adjective of a fact describes only its own noun ("The lake was big", so no big smile);
//  - "The NOUN was" with the noun of a fact is always followed by its adjective;
//  - a plot that tells a fact itself excludes it from the side remarks: {-wind}.
const Rule storyworld_rules[] = {
    { "story", "({hero=girl}{friend=boy}|{hero=boy}{friend=girl})([lost]|[wind]|[lake]|[share]|"
               "[broken]|[race]|[hurt]|[storm]|[cake]|[noise]|[apple]|[trick]|[stone]|[present]|"
               "[garden]|[forest]|[learn]|[quarrel])" },

    { "he", "{hero.he}" },
    { "He", "{Hero.he}" },
    { "him", "{hero.him}" },
    { "his", "{hero.his}" },
    { "His", "{Hero.his}" },
    { "she", "{friend.he}" },
    { "She", "{Friend.he}" },
    { "her", "{friend.him}" },

    // Introduces the hero; one story in four begins with a fact.
    { "intro", "([hero]|[hero]|[hero]|{fact=fact}The {fact} was {fact.is}. [fact, hero])" },
    { "hero", "((Once upon a time,|Once,|In a little village,) there (was|lived) a (little|young) "
              "{hero.is} named {hero}.|(Once upon a time,|Once,) there was a little {hero.is}. "
              "[His] name was {hero}.|{hero} was a (little|young) {hero.is} who lived (by|near) "
              "the {place}.)" },

    { "fact, hero", "(Everyone (in the village |)knew (it|that), and so did {hero}. {hero} was a "
                    "(little|young) {hero.is}.|Everyone (in the village |)knew (it|that). (In that "
                    "village lived|There was) a (little|young) {hero.is} named {hero}.|[hero])" },

    { "friend", "[his] (good |best |)friend {friend}" },

    // States a fact in one of several ways.
    { "tell", "([told]|[told]|[told]|The {fact.is} {fact} {fact.does}.)" },
    { "told", "(The {fact} was {fact.is}.|The {fact} was {fact.is}, (so|and) {fact.so}.|The {fact} "
              "was {fact.is}. {Fact.he} {fact.does}.|The {fact} {fact.does}. The {fact} was "
              "{fact.is}(.|, so {fact.so}.)|Because the {fact} was {fact.is}, {fact.so}.|The "
              "{fact}, {fact.who} was {fact.is}, {fact.does}.|(The {fact} {fact.does}. |)Everyone "
              "knew that {fact.all} {fact.is}.|The {fact} {fact.does}. <(Look, the|The|Why, the) "
              "{fact} is {fact.is}!> (said|cried) {hero}.)" },

    { "outside", "(||{fact=outdoors}[tell])" },
    { "sight", "{fact=sight}(|On the way, there was much to see. |[He] looked around. )[tell]" },
    { "at home", "{fact=home}[told]" },
    { "evening", "(|(That evening|In the evening|When the day was over|When the sun went down), "
                 "{hero} (went|walked|ran) (back |)home. {fact=evening}[told](|| {hero} was "
                 "(tired|very tired), but [happy].| It had been a (good|fine) day.))" },

    { "one day", "(One day|One day|One morning|One fine day|One fine morning)" },
    { "felt", "(was|felt)" },
    { "happy", "(happy|glad|very happy|so happy|very glad)" },
    { "sad", "(sad|very sad|so sad)" },
    { "came by", "(came by|came along|came up to [him]|saw [him] and stopped)" },
    { "sorry", "(<I am (so |very |)sorry,>|<Oh, I am (so |very |)sorry,>)" },
    { "thanks", "(<(Oh, thank|Thank) you!> said {hero}.|<Thank you(, {friend}|, my friend)!> [he] "
                "said.|<Thank you (so|very) much!> (cried|said) {hero}.|{hero} thanked [her] again "
                "and again.)" },

    { "lost", "[intro] ([He] had {colour.a} {toy} and (played with it|took it out) every day.|Of "
              "all [his] things, [he] loved [his] {colour} {toy} best.|[His] (grandpa|mum|dad) had "
              "made [him] {colour.a} {toy}, and [he] loved it very much.)\n"
              "([one day], the {toy} was gone!|[one day], {hero} wanted to play with the {toy}, "
              "but it was gone!|But [one day], {hero} could not find the {toy}.) <Where is my "
              "{toy}?> (asked|cried) {hero}. [He] looked (under the (bed|table) and behind the "
              "door, but it was not there.|everywhere: under the bed, under the table and behind "
              "the door.) {hero} [felt] (sad|worried). (So [he] went out to look for it.|[He] did "
              "not want to eat or play. [He] went to the {place} to look for it.|<I must find it,> "
              "[he] said, and [he] went out.) [sight]\n"
              "At the {place}, {hero} met [friend]. <(Have you seen|Did you see) my {toy}?> [he] "
              "asked. <(Yes|Oh, yes), {animal.a} (took|has) it,> said {friend}. <(Come with "
              "me!|Let's go and ask!)> (They|Soon they) found the {animal} (behind|near) the "
              "(house|wall|water). ([sorry] said the {animal}. <I only wanted to play.>|<Is this "
              "your {toy}?> asked the {animal}. <I found it, and I was so lonely.>|The {animal} "
              "looked at {hero} and was scared. <Please do not be angry,> it said. <I wanted to "
              "have {toy.a}, too.>) {hero} took the {toy} back. ([He] was not angry. |[He] thought "
              "for a while. )<(We can all play together|Come and play with us|Let's play with it "
              "together),> [he] said. (So they played until the sun went down|And so they did|They "
              "laughed and played all day), and {hero} (was [happy] again|had a new friend).\n"
              "[evening]" },

    { "wind", "{-wind}{-tree}{-hill}[intro] ([one day], [he] went up the hill with [his] new "
              "{light}.|[He] had a new {light}, and it was {colour}. [one day], [he] took it up "
              "the hill.) (The hill was high.|The hill was high, and [he] could see the {place} "
              "from there.) [sight] [outside]\n"
              "(Then the wind blew.|Then the wind came.|But then the leaves began to move.) (The "
              "wind was strong, and it took the {light} away!|The wind was strong. Away went the "
              "{light}!|The wind was strong, so {hero} could not hold the {light}.) It flew up and "
              "up; then it came down in a tree. <Oh no, my {light}!> cried {hero}. [He] jumped and "
              "jumped. The tree was tall, (so|and) [he] could not reach it. ({hero} [felt] [sad] "
              "(and sat down|and began to cry).|<Now I will never get it back,> [he] said, and "
              "[he] [felt] [sad].|[He] called for help.)\n"
              "(Soon|Just then), [friend] [came by]. (<(Do not cry|Do not worry|Wait here),> said "
              "{friend}. <I can (climb|get a ladder|get it for you).>|<What is it?> asked "
              "{friend}. <My {light} is up there,> said {hero}. <I will help you,> said {friend}.) "
              "[She] (went up step by step|climbed up) and (threw|brought) the {light} down. "
              "[thanks] ([He] was [happy]. |[He] laughed. |)Then they took turns with the {light}, "
              "and {hero} held it with both hands. (The wind was strong, but it did not take the "
              "{light} again.|They were careful, because the wind was strong.) [evening]" },

    { "lake", "{-lake}{-sun}[intro] [He] (liked|loved) to play by the lake with [his] {colour} "
              "{floating}. (The lake was big, so nobody could see the other side.|The lake was "
              "big.)\n"
              "[one day], ({hero} was there again.|{hero} went there again.|{hero} came to play.) "
              "The sun was bright(.| and the birds sang.|, and there was not a cloud to see.) "
              "[outside] (But {hero} threw the {floating} too far.|{hero} threw the {floating} up, "
              "and it flew too far.|{hero} ran and fell, and away flew the {floating}.)( Splash!|) "
              "It fell into the water. {hero} [felt] (worried|sad). ([He] tried to reach it with a "
              "stick, but the stick was too short.|[He] took a stick, but [he] could not reach "
              "it.) ([He] called for help, but nobody came.|There was nobody to help [him].|[He] "
              "sat down and began to cry.) <What can I do?> [he] (asked|cried).\n"
              "(A duck heard {hero}.|Then a duck came along.) (<I can swim,> said the duck. <I "
              "will help you.>|<Do not worry,> said the duck. <I can get it for you.>|<Why do you "
              "cry?> asked the duck. <My {floating} is in the lake,> said {hero}. <Wait here,> "
              "said the duck.) It swam out over the big lake and (pushed|brought) the {floating} "
              "back. {hero} was [happy]. ([He] gave the duck some bread, and they (became|were "
              "soon) good friends.|<Thank you so much!> [he] said, and gave the duck some bread.) "
              "(After that, {hero} came (every day|every morning) with bread for the duck.|The "
              "next day, [he] came back to play with the duck.|They played in the grass for a "
              "while.) [evening]" },

    { "share", "{-grass}[intro] [one day], [his] (mum|dad|grandpa) gave [him] "
               "(two|three|four|five) {snack.s}. {hero} took them to the {place}. [sight] "
               "[outside]\n"
               "There [he] met [friend]. (<May I have {snack.a}? I am (so|very) hungry,> said "
               "{friend}.|<I have nothing to eat,> said {friend}. <Can I have one of your "
               "{snack.s}?>) (<No,> said {hero}. <They are all mine!>|But {hero} did not want to "
               "share. <They are mine,> [he] said.|{hero} put them behind [his] back. <I want to "
               "eat them all,> [he] said.) {friend} (went away and looked [sad]|was [sad] and went "
               "away|said nothing and went home). ({hero} sat down to eat alone, but the {snack.s} "
               "did not taste good.|Now {hero} could eat all the {snack.s} alone, but it was no "
               "fun.) [He] [felt] (lonely|sorry).\n"
               "(So {hero} ran after {friend}.|<It was not good to say that,> [he] thought, and "
               "[he] ran to {friend}.) [sorry] [he] said. <(Please, take one|Here, this is for "
               "you). It is better to eat together.> {friend} (smiled|laughed) and took {snack.a}. "
               "They sat down under a tree and ate. (The grass was green, and the birds sang.|The "
               "grass was green.) Now the {snack.s} tasted (very good|much better), and both "
               "friends were [happy]. ({hero} (learned|saw) that it was good to share.|After that, "
               "{hero} was never lonely when [he] ate.|The next day, {friend} had (two|three) "
               "{snack.s}, and [she] gave one to {hero}.) [evening]" },

    { "broken", "{-mum}[intro] ([He] loved to run in the house. <Do not run in the house,> said "
                "[his] mum (every day|many times).|<Please do not run in the house,> said [his] "
                "mum (every day|again and again). But {hero} did not hear, and [he] ran and ran.) "
                "[at home]\n"
                "[one day], {hero} ran (around the table|after a ball|after {animal.a}|to the "
                "window) and fell over (a chair|{toy.a}). Crash! [His] mum's {colour} {fragile} "
                "fell down and broke. {hero} [felt] scared. ([He] put the pieces (under the bed|in "
                "a box|behind the door) and said nothing.|<Nobody saw it,> [he] thought, and hid "
                "the pieces (under the bed|in a box|behind the door).) But [he] could not (eat, "
                "and [he] could not sleep|play, and [he] could not eat|sleep that night).\n"
                "(At last|The next day|In the morning), {hero} went to [his] mum. (<I broke the "
                "{fragile},> [he] said. <I am (so |very |)sorry.>|<Mum, I broke your {fragile},> "
                "[he] whispered.) [His] mum was not angry. (The mum was proud of [him]. <Thank you "
                "for telling me,> she said.|The mum was proud, because {hero} did not lie. <It is "
                "good that you told me,> she said.) (Together they put the pieces back with "
                "glue.|They took some glue and put the pieces together again.) ({hero} [felt] "
                "[happy], and [he] never ran in the house again.|Soon the {fragile} stood on the "
                "table again, and {hero} [felt] [happy].|After that, {hero} only ran in the "
                "garden.)" },

    { "race", "{-horse}{-turtle}{-lion}[intro] [one day], [he] and [friend] went to see a race. "
              "[outside] (The horse wanted to race the turtle.|<Who wants to race with me?> asked "
              "the horse. <I do,> said the turtle.|<I can win a race,> said the turtle. <No, you "
              "cannot!> said the horse.) The horse was fast. The turtle was slow. (<The horse will "
              "win,> said {hero}. <(Wait and see|We will see),> said {friend}.|<The turtle cannot "
              "win,> everyone said.|<Who will win?> asked {friend}. <The horse,> said {hero}.)\n"
              "<One, two, three, go!> called the lion. (The lion was loud.|The lion was loud, so "
              "everyone heard it.) (The horse ran and ran.|Away went the horse.) (Soon it was so "
              "far ahead that it lay down (under a tree|in the grass) to sleep.|It looked back and "
              "laughed. <I have time to sleep,> it said, and lay down (under a tree|in the "
              "grass).) (The turtle was slow, but it did not stop.|The slow turtle did not stop.) "
              "It walked step by step. (When the horse woke up, it was too late.|The horse woke up "
              "late and ran and ran.) The turtle (came to the {place} first|got to the {place} "
              "first)!\n"
              "Everyone was surprised. (<How did you do that?> asked {hero}. <I (know that I am a "
              "turtle|am a turtle),> it said. <(So |)I just did not stop.>|<You did it!> cried "
              "{hero}. <Yes,> said the turtle. <I went on and on, and I did not sleep.>) {hero} "
              "and {friend} gave it ({snack.a}|some bread), and they were all [happy]. ({hero} "
              "(learned|saw) that it was good to go on.|{hero} never laughed at a turtle "
              "again.|<Next time I will not sleep,> said the horse.) [evening]" },

    { "hurt", "{-doctor}{-ground}[intro] [one day], [he] and [friend] played at the {place}. "
              "[outside]\n"
              "({hero} climbed on a wall. <Look at me!> [he] (said|cried).|They ran after a "
              "ball.|They wanted to see who could jump far.|<Catch me!> cried {friend}, and {hero} "
              "ran after [her].) But then {hero} fell down. (The ground was hard, and {hero}|The "
              "ground was hard. [He]) hurt [his] {limb}. (<Ouch!> [he] cried.|<Oh no!> [he] cried. "
              "<I cannot walk!>|[He] began to cry.) {friend} was (worried|scared), but [she] ran "
              "to get help.\n"
              "Soon the doctor came. (The doctor was nice.|The doctor was nice, and {hero} was not "
              "scared of her.) She looked at the {limb}, washed it and gave {hero} {colour.a} "
              "bandage. <You must rest for (two|three|four|five) days,> (said the doctor|she "
              "said). {-bed}So {hero} lay in bed. [at home] ({friend} came every day with (a "
              "book|{snack.a}|a story), and {hero} was not lonely.|It was no fun to lie there, but "
              "{friend} came every day, and they (sang|played|laughed) together.) (Soon|At last) "
              "the {limb} was well again. (<Now I will be careful,> said {hero}.|{hero} thanked "
              "the doctor and [his] friend.|<I will look where I go,> said {hero}.|{hero} could "
              "run and jump again, but [he] was careful.)" },

    { "storm", "{-house}{-door}{-sun}{-sky}[intro] One (day|evening|morning) there was a storm. "
               "(The rain fell and fell.|The rain fell, and nobody went out.) {hero} looked out of "
               "the window and saw a little {baby} under a tree. It was (scared and lonely|hungry "
               "and scared).\n"
               "(<Poor {baby}!> said {hero}. [He] ran out into the rain and carried it home.|<Do "
               "not be scared,> [he] called. <Come, little {baby}! Come to my house!>|<Mum, look!> "
               "cried {hero}. <A {baby} is out there!> They ran out and brought it home.) (The "
               "house was warm.|The house was warm, so the {baby} soon felt better.) {hero} gave "
               "it (some milk|some bread) and a blanket. [at home] (That night, the {baby} slept "
               "in [his] bed.|Soon the {baby} fell asleep under the table.|The {baby} was not "
               "scared now, and it played with [his] {toy}.)\n"
               "In the morning, the storm was over. The sky was blue(.| again.|, and the birds "
               "sang.) (The door was open, and|The door was open. Then) the mother of the {baby} "
               "came in. (She had looked for it all night!|<Where is my {baby}?> she cried.|<I "
               "looked for you everywhere!> she cried.) (<Thank you, {hero},> she said. <You were "
               "so good to my {baby}.>|The {baby} jumped up and ran to her.) {hero} was sad to see "
               "the {baby} go, but [he] was (glad|happy) too. (And every (week|day), the {baby} "
               "came back to play.|<Come and see us,> said the mother, and so [he] did.|<We will "
               "be friends,> [he] said.)" },

    { "cake", "{-cake}{-farmer}{-grandma}{-road}[intro] [one day], [he] wanted to make a cake for "
              "[his] grandma. But [he] had no {ingredient} (at home|in the house). (So {hero} took "
              "a basket and went to the farm.|<Go to the farm,> said [his] dad. So {hero} took a "
              "basket and went.) (The road was long, but [he] did not stop.|The road was long, and "
              "[he] sang a song.) [sight]\n"
              "At the farm, {hero} met the farmer. The farmer was busy. (<May I have some "
              "{ingredient}?> asked {hero}.|<I want to make a cake, but I have no {ingredient},> "
              "said {hero}.) (<Yes, if you help me with the {herd.s},> said the farmer.|<I have no "
              "time now,> said the farmer. <But you can help me with the {herd.s}.>) So {hero} "
              "(gave the {herd.s} food and water|worked with the {herd.s}) (until the sun went "
              "down|all morning|all day). ([He] was tired, but the farmer gave [him] the "
              "{ingredient}.|<Thank you,> said the farmer, and gave [him] the {ingredient}.|The "
              "farmer smiled and gave [him] the {ingredient}.)\n"
              "Then {hero} and [his] (mum|dad) made the cake. (The cake was sweet.|The cake was "
              "sweet, and it smelled good.) {hero} brought it to [his] grandma. <Is this for me?> "
              "she asked. (The grandma was kind. She gave the first piece to {hero}.|The grandma "
              "was kind, so she gave everyone a piece.) (<It is the best cake in the world!> they "
              "said.|They ate it all.|<May I have some more?> [his] grandma asked, and they "
              "laughed.) {hero} [felt] [happy], because [he] had (worked for it|made it for [his] "
              "grandma)." },

    { "noise", "{-night}{-bed}{-mouse}{-moon}[intro] [one day], {hero} played so much that [he] "
               "was very tired. [outside] In the evening, [he] went home. [at home] Then [he] went "
               "to bed.\n"
               "The night was dark. (The moon was round, and it looked in at the window.|The moon "
               "was round.) (Tap, tap, tap!|Then something went tap, tap, tap!|Then something "
               "moved. Tap, tap!) <(What|Who) is that?> whispered {hero}. [He] [felt] scared and "
               "hid under the blanket. Tap, tap, tap! (There it was again.|It did not stop.) (<My "
               "friend {friend} is never scared, so I will not be scared,> [he] said.|<Go away!> "
               "[he] cried, but it did not go away.|<I must see what it is,> [he] thought.|But "
               "[he] wanted to see what it was.) [He] took a lamp and looked (under|behind) the "
               "(bed|table).\n"
               "There sat a mouse! The mouse was tiny. (It had a nut.|It looked at {hero}.|It was "
               "scared, too.) ([sorry] it said. <I only wanted to eat my nut.>|<Please do not hurt "
               "me!> it said. <I am so hungry.>|<Oh no, you are not asleep!> it said.) {hero} "
               "laughed. <And I thought you were (a lion|a bear)!> [He] gave the tiny mouse some "
               "bread and went back to bed. (The bed was soft, and|Because the bed was soft,) "
               "{hero} soon fell asleep. ([He] was never scared of the dark night again.|The next "
               "night, the mouse came again, and they were friends.|In the morning, [he] told "
               "[friend] about it, and they laughed.)" },

    { "apple", "{-apple}{-tree}[intro] [one day], [he] went to the {place}. [sight] [outside] "
               "There [he] saw an apple at the top of a tree. The apple was red. (<I want that "
               "apple,> said {hero}.|{hero} was hungry and wanted to eat it.|<That apple looks "
               "good,> said {hero}.) [He] jumped, but [he] could not reach it. The tree was tall. "
               "([He] threw a stick, but it came down on [his] head. <Ouch!>|[He] tried to climb "
               "up, but [he] fell down. <Ouch!>|[He] pushed the tree again and again, but the "
               "apple did not fall.) {hero} was [sad].\n"
               "Then [friend] [came by]. <Can I help you?> asked {friend}. <I cannot reach the "
               "apple,> said {hero}. {friend} thought for a while. <(Stand on my back|Climb on my "
               "back)!> [she] said. (So {hero} did, and|{hero} climbed up, and) then [he] could "
               "reach it. [He] pulled and pulled. (Down came the apple, and down came {hero}! They "
               "(both |)laughed.|At last, [he] had it!|<I have it!> [he] cried.)\n"
               "[thanks] (<We got it together, so we eat it together.>|<Now we can share it.>) "
               "They sat in the grass and ate the red apple. (It tasted very good.|It was the best "
               "apple in the world.) Both friends were [happy]. [evening]" },

    { "trick", "{-fox}{-owl}{-tree}[intro] [one day], {hero} sat under a tree and wanted to eat "
               "{snack.a}. [outside]\n"
               "Then a fox saw [him]. The fox was clever. <Hello, {hero},> it said. (<Everyone "
               "says that you sing so well. Please sing for me!>|<Is it you who sings so well? "
               "Please, let me hear a song!>|<The birds say that you can sing. Will you sing for "
               "me?>) {hero} was glad. ([He] put the {snack} down, closed [his] eyes and began to "
               "sing.|[He] stood up, put the {snack} in the grass and sang a song.) When [he] "
               "looked again, the fox and the {snack} were gone! {hero} [felt] (sad|angry) and "
               "hungry.\n"
               "So {hero} went to the owl. The owl was wise. (<What can I do?> [he] asked.|<The "
               "fox took my {snack},> [he] said.) (<Eat first and sing later,> said the owl.|<Do "
               "not sing when you have something to eat,> said the owl.) The next day, {hero} had "
               "a new {snack}, and the clever fox came again. <Please sing for me!> it said. "
               "<First I eat,> said {hero}, and [he] ate it all. <Now I can sing.> But the fox did "
               "not want a song. (It went away hungry.|It went back into the forest.) {hero} "
               "laughed and (thanked the wise owl|told the wise owl about it). [evening]" },

    { "stone", "{-stone}{-king}{-road}[intro] [one day], {hero} was on the way to the {place}. "
               "[sight] [outside]\n"
               "A stone lay in the road. The stone was heavy. (A cart had to stop, and nobody "
               "helped.|Everyone walked around it, and nobody helped.|<Who put that there?> asked "
               "{hero}.) {hero} pushed and pushed, but [he] could not move it(| alone). Then "
               "[friend] [came by]. (<Let's push together!> [she] said.|<Wait, I will help you,> "
               "[she] said.|<Can you help me?> asked {hero}. <Yes!> said {friend}.) {Animal.a} "
               "came to help, too. <One, two, three!> they cried. (Because the stone was heavy, "
               "they had to push again and again.|They pushed again and again.) At last, the heavy "
               "stone moved!\n"
               "(Under the stone there was a box. It was full of coins!|Then they saw a box under "
               "it. <Look, coins!> cried {hero}.) <The coins are for you,> said the king. He had "
               "seen it all from behind a wall. The king was rich, but he liked people who helped. "
               "(They were so surprised! |)({hero} and {friend} bought {snack.s} for everyone, and "
               "they were all [happy].|So they went to the {place} and had a fine day.|{friend} "
               "bought {toy.a}, and {hero} bought {snack.s}.) [evening]" },

    { "present", "{-cake}[intro] It was the birthday of [friend]. ({hero} wanted to give [her] "
                 "{toy.a}. [He] went to the shop with [his] (two|three|four) coins. [sight]|{hero} "
                 "had (two|three|four) coins and went to the shop. [sight] In the shop, [he] saw "
                 "{toy.a}.)\n"
                 "But the {toy} cost ten coins. {hero} [felt] [sad]. ([He] told [his] "
                 "(dad|mum|grandpa) about it. <(Then you must make one|You can make one),> [he] "
                 "heard.|<I have no present for {friend},> [he] said. But then [he] smiled. <I can "
                 "make one!>) So {hero} took some (paper|wood) and glue and worked (all day|until "
                 "the evening). At last, there was a little {toy}. It was {colour}(.| and not very "
                 "pretty.|, but it was not like the one in the shop.) <(What if [she] does not "
                 "like it|Will [she] like it)?> thought {hero}.\n"
                 "{friend} took the present and looked (at it |)for a while. (<Did you make this "
                 "for me?> [she] asked. <Yes,> whispered {hero}.|{hero} waited and was worried.) "
                 "(<I love it! It is the best {toy} in the world!> said {friend} and gave [him] a "
                 "hug.|<Oh, {colour.a} {toy}! Thank you!> cried {friend}, and [she] played with it "
                 "all day.) {hero} was [happy]. Then there was cake for everyone. The cake was "
                 "sweet(.|, and they ate it all.|, and everyone wanted more.) [evening]" },

    { "garden", "{-soup}{-sun}{-moon}[intro] [one day], [his] (grandpa|mum|dad) gave [him] a seed. "
                "({hero} put it in the garden and gave it water.|<What is it?> asked {hero}. <Wait "
                "and see,> [he] heard. So {hero} put it in the garden.) [outside]\n"
                "The next day, {hero} looked, but there was nothing. [He] waited "
                "(two|three|four|five) days, but there was still nothing. <Why does it not grow?> "
                "[he] asked. (|[He] was (angry|sad) and wanted to (stop|dig it out). ) (<You must "
                "wait,> said [friend]. <(Rain and sun will help it|It needs rain and sun).>|<It "
                "needs some time,> said [friend]. <A seed cannot run.>) So {hero} gave it water "
                "every day. The rain fell. The sun was bright.\n"
                "[one day], there was a little leaf! It grew and grew, and at last it was a "
                "(fine|pretty) {plant}. (<You see,> said {friend}, <it only took some "
                "time.>|<Look!> cried {hero}. <It did grow!>|{hero} ran to {friend}. <Come and "
                "see!> [he] cried.) That evening, they all ate soup in the garden. (The moon was "
                "round.|The moon was round, and it looked like a ball.) The soup was hot, (and it "
                "tasted good|so they had to wait again). ({hero} laughed. Now [he] knew how to "
                "wait.|{hero} (was|felt) [happy].|<Next, I will grow two,> said {hero}.)" },

    { "forest", "{-owl}{-river}{-door}{-grass}[intro] [one day], [he] saw {colour.a} butterfly in "
                "the grass. The grass was green, and the butterfly looked so pretty! {hero} ran "
                "after it, into the forest. [outside] (Then the butterfly was gone.|The butterfly "
                "flew up and away.) {hero} looked around. All the trees looked the same! (<Where "
                "is my home?> [he] cried.|<Which way did I come?> [he] asked, but nobody was "
                "there.|[He] called for [his] mum, but nobody came.) [He] was lost, and [he] "
                "[felt] (scared|lonely).\n"
                "An owl sat in a tree. The owl was wise, so {hero} asked it for help. (<Please, "
                "which way is home?> [he] asked.|<I am lost,> [he] said. <Please help me!>) <(Walk "
                "along the river|Go where the river goes),> said the owl. The river was deep, (so "
                "{hero} was careful|and {hero} did not go near the water). ([He] walked and "
                "walked.|It was far, but [he] did not stop.) [sight]\n"
                "At last, {hero} saw a light. It was [his] house! The door was open, and [his] mum "
                "ran out. (<I was so worried!> she said, and gave [him] a hug.|<Where were you?> "
                "she asked. <I looked for you everywhere!>) (<I will never go into the forest "
                "alone again,> said {hero}.|{hero} told her about the butterfly and the owl.) "
                "{hero} was [happy] to be home. {-mum}[at home]" },

    { "learn", "{-mum}{-sky}[intro] ([He] wanted to learn to {skill}.|Everyone could {skill}, but "
               "{hero} could not.) [one day], {hero} went to the {place}. [sight] The sky was "
               "blue, (so it was a good day to try|and {hero} felt excited). [He] tried, but [he] "
               "could not do it. ([He] tried again, but still [he] could not.|[He] tried "
               "(two|three|four) times.) ({Animal.a} saw it and laughed.|{Animal.a} looked at "
               "[him]. <You cannot {skill}!> it said.) {hero} [felt] (sad|angry). <I will never "
               "learn to {skill}!> [he] said.\n"
               "(<I could not {skill} at first,> said [friend]. <But I tried every day. Come, I "
               "will help you.>|<Do not stop now,> said [friend]. <Try it again with me!>|But "
               "[friend] did not go away. <I will help you to learn it,> [she] said.) So they went "
               "to the {place} every day. ({hero} tried and tried. |)(One day it was a little "
               "better, and the next day it was much better.|Every day, it went a little better.)\n"
               "At last, {hero} could {skill}! <Look at me!> [he] cried. <You did it!> said "
               "{friend}. (The mum was proud.|[His] mum came to see it. The mum was proud, so she "
               "gave [him] a hug.) (Even the {animal} was surprised. <Can you help me to learn it, "
               "too?> it asked. {hero} [felt] [happy]. <Yes,> [he] said, <but you have to try "
               "every day.>|{hero} [felt] [happy]. <Thank you, {friend},> [he] said. <You helped "
               "me so much.>|The {animal} was surprised and said it was sorry. [evening])" },

    { "quarrel", "{-food}[intro] [one day], [he] and [friend] went to the {place}. [sight] "
                 "[outside] There they found {toy.a}. (<It is mine!> said {hero}. <No, it is "
                 "mine!> said {friend}.|<I saw it first!> said {hero}. <No, I did!> said "
                 "{friend}.|{hero} wanted to have it, and {friend} wanted to have it, too.) (They "
                 "pulled and pulled.|They both pulled at it.) Crack! The {toy} broke.\n"
                 "Now nobody had {toy.a}. {hero} was angry, and {friend} was angry too. (They "
                 "(sat|stood) there and did not (talk|say a word).|{friend} went behind a tree, "
                 "and {hero} sat on a wall.) After a while, {hero} [felt] (sorry|lonely). [sorry] "
                 "[he] said. (<I am sorry too,> said {friend}. <It is no fun to play alone.>|<It "
                 "was not only you,> said {friend}. <I am sorry, too.>)\n"
                 "They took the {toy} to [his] (grandpa|dad). He had (some glue|glue and paper), "
                 "and together they made the {toy} as good as new. <You can have it first,> said "
                 "{hero}. <No, you first,> said {friend}. They laughed and took turns until the "
                 "evening. (The food was ready, so|The food was ready. Then) they ate together, "
                 "and they were both [happy]. (A friend is better than {toy.a}.|They never pulled "
                 "at {toy.a} again.|After that, they were the best of friends.)" },

    { NULL, NULL },
};
